"""A board on a USB cable, as the technician has it on the bench: boot loader, prompt, file system.

Real `esptool` and real `mpremote` drive it through a pseudo terminal; nothing of them is replaced.
"""
