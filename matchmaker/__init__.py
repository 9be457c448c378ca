"""The open platform for international technology transfer."""
