"""What authors do: importing documents, checking and comparing specs, exporting to other platforms."""
