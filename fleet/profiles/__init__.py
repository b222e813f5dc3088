"""One file per device class; the folder is walked, no list is edited. A name that begins with _ is a shared helper."""
