"""The screens: Qt widgets over the facades of app."""
