"""XML messages: EU AES and WCO-DMS."""
