"""Mixed-scale dense networks: kernels, autograd, networks over images of any size. Imports no torch by itself."""
