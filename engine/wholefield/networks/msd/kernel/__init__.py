"""Forward and backward passes of mixed-scale dense blocks over whole images, and their memory."""
