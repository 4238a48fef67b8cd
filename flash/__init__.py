"""From a bare module to a tested terminal, by one command. Imports neither cloud nor firmware nor
simulator: the module is reached by esptool and mpremote, the cloud by HTTPS."""
