"""The one key: from an event of the runtime to the node, module and source line behind it."""
