values (substring(b fromfrom /* a */ 1 for 1),
B'01')