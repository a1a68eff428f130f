"""An n8n community node, in its declarative style: an operation for each action of a host."""
