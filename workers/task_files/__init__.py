"""What tasks have at this party, as the gateway reads, brings and deletes it: logs, outputs, inputs, stored models."""
