"""Documents, presentations and tables of office programs; never the store."""
