"""Building blocks of msd_pytorch that scripts may use on their own; the network itself does not need them."""
