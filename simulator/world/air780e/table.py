"""The commands of Luat's AT firmware, above those that all makers have."""

from simulator.world.commands.table import Table, everywhere

on = Table(everywhere)
