#!/usr/bin/env python3
"""A judge for program(...): how drug-like molecules are that a model of text writes as SMILES.

Reads texts on standard input, a JSON string a line, writes a score for each: STRENGTH (first argument, 10) times the
QED of Bickerton et al. 2012, 0 to 1, and 5 below no likeness at all for what is no molecule. Needs RDKit:

    steer guide runs/smiles --objective "program('python3 smiles_qed.py 20')" --particles 16 -n 8 -o likely.txt
"""
import json
import sys

from rdkit import Chem, RDLogger
from rdkit.Chem import QED

RDLogger.DisableLog("rdApp.*")
strength = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
for line in sys.stdin:
    text = json.loads(line).strip()
    molecule = Chem.MolFromSmiles(text) if text else None
    print(strength * QED.qed(molecule) if molecule is not None else -5.0)
