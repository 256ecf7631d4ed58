"""Language models behind one interface: llama.cpp, endpoints, drafts; never what a prompt means."""
