"""The consoles: pages rendered by the server for officers, operators, evaluators and those who keep the house."""
