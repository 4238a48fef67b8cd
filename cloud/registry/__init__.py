"""Who and what there is: enterprises, people, accounts, certificates, machines."""
