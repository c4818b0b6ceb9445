"""Where the danger is now, and why: register, methods, dynamic grades."""
