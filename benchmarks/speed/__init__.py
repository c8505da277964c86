"""How fast, how small and how heavy Grove is, beside the tools that people use today."""
