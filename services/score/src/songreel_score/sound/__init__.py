"""From a performance to sound: synthesis, room, ducking, mastering; and to a MIDI file."""
