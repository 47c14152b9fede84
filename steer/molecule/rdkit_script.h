// The Python program that RDKit's process runs (rdkit_process.h), and how it is spoken to.
#pragma once

namespace steer {

// Python 3.6 and newer, RDKit 2020.03 and newer. First it says {"rdkit": VERSION}, or {"missing": WHY} and
// ends. Then it answers each request with a line of JSON, until its input ends:
//   load NAME...          true, or {"missing": WHY} where this RDKit lacks what one of the names needs
//   scores NAME...        a list with a value for each name, null for none: numbers, of smiles a text
//   svg SIDE, png SIDE    a picture of so many pixels a side as a text, a PNG in base64; null for none
// Requests but `load` are followed by a molecule as sdf_text (sdf.h) writes it, whose line $$$$ ends it.
// Whatever else writes to the process's standard output is thrown away.
constexpr char kRdkitScript[] = R"py(
import sys
# Modules in the working folder are none of Python's.
sys.path = [path for path in sys.path if path not in ("", ".")]
import base64, json, math, os

answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

def answer(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()

def why(fault):
    return "%s: %s" % (type(fault).__name__, fault)

try:
    from rdkit import Chem, RDLogger, rdBase
    from rdkit.Chem import rdMolDescriptors
except Exception as fault:
    answer({"missing": why(fault)})
    sys.exit(0)
RDLogger.DisableLog("rdApp.*")

# Hydrogens of imines go, too, though they tell which side of the double bond they are on.
without = Chem.RemoveHsParameters()
without.removeDefiningBondStereo = True

# A molecule as it was written, sanitized, and without the hydrogens that formulas leave out.
class Seen:
    def __init__(self, block):
        self.whole = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
        Chem.SanitizeMol(self.whole)
        Chem.AssignStereochemistryFrom3D(self.whole)
        self.plain = Chem.RemoveHs(self.whole, without)
        self.connected = len(Chem.GetMolFrags(self.whole)) == 1

def seen(block):
    try:
        return Seen(block)
    except Exception:
        return None

def strain_of(molecule):
    from rdkit.Chem import rdForceFieldHelpers
    if any(atom.GetTotalNumHs() > 0 for atom in molecule.GetAtoms()):
        return None
    moved = Chem.Mol(molecule)
    properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(moved)
    if properties is None:
        return None
    field = rdForceFieldHelpers.MMFFGetMoleculeForceField(moved, properties)
    field.Initialize()
    before = field.CalcEnergy()
    field.Minimize(maxIts=2000, forceTol=1e-5, energyTol=1e-8)
    return before - field.CalcEnergy()

def qed_of(molecule):
    from rdkit.Chem import QED
    return QED.qed(molecule)

def weight_of(molecule):
    from rdkit.Chem import Descriptors
    return Descriptors.MolWt(molecule)

def sa_of(molecule):
    try:
        from rdkit.Contrib.SA_Score import sascorer
    except ImportError:
        from rdkit.Chem import RDConfig
        folder = os.path.join(RDConfig.RDContribDir, "SA_Score")
        if folder not in sys.path:
            sys.path.append(folder)
        import sascorer
    return sascorer.calculateScore(molecule)

def drawn(molecule, canvas):
    from rdkit.Chem import rdDepictor
    from rdkit.Chem.Draw import rdMolDraw2D
    rdDepictor.Compute2DCoords(molecule)
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, molecule)
    canvas.FinishDrawing()
    return canvas.GetDrawingText()

def svg_of(molecule, side=64):
    from rdkit.Chem.Draw import rdMolDraw2D
    return drawn(molecule, rdMolDraw2D.MolDraw2DSVG(side, side))

def png_of(molecule, side=64):
    from rdkit.Chem.Draw import rdMolDraw2D
    return base64.b64encode(drawn(molecule, rdMolDraw2D.MolDraw2DCairo(side, side))).decode("ascii")

scores = {
    "qed": lambda seen: qed_of(seen.plain),
    "logp": lambda seen: rdMolDescriptors.CalcCrippenDescriptors(seen.plain)[0],
    "tpsa": lambda seen: rdMolDescriptors.CalcTPSA(seen.plain),
    "weight": lambda seen: weight_of(seen.plain),
    "rings": lambda seen: rdMolDescriptors.CalcNumRings(seen.plain),
    "aromatic_rings": lambda seen: rdMolDescriptors.CalcNumAromaticRings(seen.plain),
    "sa": lambda seen: sa_of(seen.plain),
    "strain": lambda seen: strain_of(seen.whole),
    "valid": lambda seen: 1,
    "smiles": lambda seen: Chem.MolToSmiles(seen.plain),
}
pictures = {"svg": svg_of, "png": png_of}

def score_of(name, seen):
    if seen is None or not seen.connected:
        return 0 if name == "valid" else None
    try:
        value = scores[name](seen)
    except Exception:
        return None
    if isinstance(value, str):
        return value
    return float(value) if value is not None and math.isfinite(value) else None

def picture_of(kind, seen, side):
    try:
        return pictures[kind](seen.plain, side)
    except Exception:
        return None

# Tries each name on a molecule that has a value for it: what it needs is then loaded.
def loaded(names):
    ethanol = Seen(Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")))
    try:
        for name in names:
            pictures[name](ethanol.plain) if name in pictures else scores[name](ethanol)
        return True
    except Exception as fault:
        return {"missing": why(fault)}

def block_of(lines):
    block = []
    for line in lines:
        if line.startswith("$$$$"):
            return "".join(block)
        block.append(line)
    sys.exit(0)

answer({"rdkit": rdBase.rdkitVersion})
for line in sys.stdin:
    word, *names = line.split()
    if word == "load":
        answer(loaded(names))
        continue
    molecule = seen(block_of(sys.stdin))
    if word == "scores":
        answer([score_of(name, molecule) for name in names])
    else:
        answer(picture_of(word, molecule, int(names[0])))
)py";

}  // namespace steer
