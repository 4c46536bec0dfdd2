"""What runs in the zygote of components and in the processes that it forks; nothing of the worker is known here."""
