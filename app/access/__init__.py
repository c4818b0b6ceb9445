"""Who may act, the one door that every act goes through, and the trail that it leaves."""
