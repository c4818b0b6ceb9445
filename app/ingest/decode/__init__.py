"""From bytes on a topic to readings: native JSON, Sparkplug B and mapped foreign documents."""
