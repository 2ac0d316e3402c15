"""The one folder that imports aiokafka."""
