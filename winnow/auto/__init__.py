"""Auto-accept: the head decides the rest, where an audit by a person shows that it decides well enough."""
