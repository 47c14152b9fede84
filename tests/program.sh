#!/usr/bin/env bash
# The program as a user meets it: commands, exit codes, one-line refusals, interruption, exact resume.
# Usage: program.sh STEER
set -uo pipefail
steer=$(realpath "$1")
tools=$(realpath "$(dirname "$0")/../tools")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
passed=0 failed=0

good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; sed 's/^/    /' err.txt | head -5; }

# works NAME COMMAND...: exit 0.
works() {
  local name=$1; shift
  if "$@" >out.txt 2>err.txt; then good; else bad "$name: exit $?"; fi
}
# refuses CODE TEXT COMMAND...: this exit code, and on stderr one last line that holds the text.
refuses() {
  local code=$1 text=$2; shift 2
  "$@" >out.txt 2>err.txt
  local got=$?
  if [ $got -ne "$code" ]; then bad "$*: expected exit $code but got $got"; return; fi
  if [ "$code" -eq 1 ] && [ "$(grep -c '^steer: ' err.txt)" -ne 1 ]; then bad "$*: expected one line of error"; return; fi
  if grep -qF -- "$text" err.txt; then good; else bad "$*: expected \"$text\" on stderr"; fi
}
# claims NAME CONDITION...
claims() { local name=$1; shift; : >err.txt; if "$@"; then good; else bad "$name"; fi; }

tiny=(--set 'ddn.pyramid.widths=[16,16,16,16]' --set 'ddn.pyramid.layers=[1,1,1,2]' --set 'ddn.pyramid.candidates=[8]' --set ddn.pyramid.image_channels=3
  --set data.size=8 --set data.channels=3 --set data.limit=64 --set data.path=shapes --set train.loader.batch=8 --set train.grid_minutes=0 --threads 1)
train=("$steer" train ddn "${tiny[@]}")

# same_pixels A B: two PNG files of this program; what they say of themselves may differ.
pixels() { grep -q IDAT "$1" && tail -c "+$(grep -abo IDAT "$1" | head -1 | cut -d: -f1)" "$1"; }
same_pixels() { [ -s "$1" ] && [ -s "$2" ] && cmp -s <(pixels "$1") <(pixels "$2"); }

# The main way through.
works help "$steer" --help
for command in train sample grid front again reconstruct encode decode guide evaluate inspect density tree import prior rates search-similar cluster probe tell interpolate outpaint words list tune likelihood reflow export search compare report serve; do
  works "help of $command" "$steer" $command --help
  claims "an example of $command" grep -q "^  steer $command " out.txt
done
works version "$steer" --version
works manual "$steer" manual
for shell in bash zsh fish; do works "completions of $shell" "$steer" completion $shell; done
works 'words of objectives' "$steer" words
works 'words of images as JSON' "$steer" words image --json
claims 'the table has defaults' grep -q '"name":"noise","type":"number"' out.txt
works 'one word' "$steer" words inpaint
claims 'it shows its arguments' grep -q 'mask .*required' out.txt
refuses 1 'did you mean inpaint' "$steer" words inpant
works lists "$steer" list
works 'a list' "$steer" list solvers
claims 'it says what they are' grep -q '^heun  *Euler' out.txt
works 'a list as JSON' "$steer" list metrics --json
refuses 1 'did you mean solvers' "$steer" list solver
refuses 2 'did you mean sample' "$steer" smaple
refuses 2 'did you mean --count' "$steer" sample run --cuont 3
refuses 2 'whole number of 64 bits' "$steer" train ddn --data shapes --out dry --images 8 --dry-run --seed 99999999999999999999
refuses 1 'for pyramid.widths but got 100000' "$steer" train ddn --data shapes --out dry --images 8 --dry-run --set 'ddn.pyramid.widths=[8,100000]'
refuses 2 'expected no further word but got more' "$steer" sample run more
refuses 2 'tcsh' "$steer" completion tcsh
works 'a manual in a file' "$steer" manual -o steer.1
claims 'the manual names every command' [ "$(grep -c '^\.SS "steer ' steer.1)" -ge 24 ]
export STEER_SHARE=${STEER_SHARE:-$(dirname "$tools")}
works 'a configuration that ships' "$steer" train ddn --config shapes_ddn --out dry --images 64 --dry-run
works 'inspect a model that ships' "$steer" inspect mnist_ddn
works 'sample it by its prior' "$steer" sample mnist_ddn --prior -n 2 -o shipped.png
works 'guide by a preset that ships' "$steer" guide mnist_flow --objective 'label(3, classifier=mnist_judge)' --preset label -n 1 -o preset.png
refuses 1 '(that ships for it: label)' "$steer" guide mnist_flow --objective 'label(3, classifier=mnist_judge)' --preset lable -n 1 -o preset.png
works 'again' "$steer" again shipped.png -o repeated.png
claims 'a picture of it is repeated bit for bit' cmp -s shipped.png repeated.png
works 'dry run' "${train[@]}" --out dry --images 64 --dry-run
claims 'a dry run writes nothing' [ ! -e dry ]
works train "${train[@]}" --out run --images 256 --json
claims 'a run has a plot of its losses' grep -q '>mse_last ' run/loss.svg
claims 'figures are one line of JSON' [ "$(wc -l <out.txt)" -eq 1 ]
works sample "$steer" sample run -n 6 -o samples.png
works 'sample again' "$steer" sample run -n 6 --batch 2 -o again.png
claims 'samples do not depend on the batch size' same_pixels samples.png again.png
claims 'a picture has its JSON twin' [ -s samples.json ]
works 'sample one' "$steer" sample run -n 1 -o one.png

# Pictures hold their recipes.
works 'again' "$steer" again samples.png -o repeated.png
claims 'a picture is repeated bit for bit' cmp -s samples.png repeated.png
works 'again from the JSON twin' "$steer" again samples.json -o repeated.png
claims 'by the twin as well' cmp -s samples.png repeated.png
works 'sample seeds of a list' "$steer" sample run --seed 3,7,20:22 -o 'each/{seed}.png' --zoom 4
claims 'each seed has its picture' [ "$(ls each | tr '\n' ' ')" = '20.json 20.png 21.json 21.png 3.json 3.png 7.json 7.png ' ]
works 'a grid of two knobs' "$steer" grid run --x seed=0:3 --y top=1,2,4 --objective 'inpaint(each/20.png, mask=left)' --fit resize -o grid.png
claims 'a table of its places' grep -q '^seed  top  mean score' out.txt
claims 'recipes of its places' test "$(grep -o '"recipe"' grid.json | wc -l)" -eq 9
refuses 1 'expected one of seed, label, told, objective, noise' "$steer" grid run --x tip=1,2 -o grid2.png
refuses 1 'expected NAME=VALUE,VALUE,...' "$steer" grid run --x top -o grid2.png
claims 'nothing is written' test ! -e grid2.png
works 'again of one of them' "$steer" again each/20.png -o repeated.png
claims 'one of several is repeated by itself' cmp -s each/20.png repeated.png
works 'sample that seed' "$steer" sample run --seed 20 -n 1 --zoom 4 -o 'own{seed}.png'
claims 'a seed gives its sample in any list' same_pixels each/20.png own20.png
refuses 1 'expected no --count beside a list' "$steer" sample run --seed 3,7 -n 4
refuses 1 'expected numbers and ranges' "$steer" sample run --seed 3,,7
refuses 1 'no braces but those of {seed}' "$steer" sample run -n 1 -o '{sed}.png'
works 'variations of a picture' "$steer" sample run --from 'each/3.png' --fit resize --noise 0.4 -n 3 -o vary.png
works 'a folder of pictures, each its own seed' "$steer" sample run --from each --fit resize --noise 0 -o 'back/{seed}.png'
works 'a chain of two models' "$steer" guide run --objective 'gaussian(mean=0)' --then run --noise 0.5 -n 2 -o chain.png
works 'the chain again' "$steer" again chain.png -o repeated.png
claims 'a chain is repeated bit for bit' cmp -s chain.png repeated.png
refuses 1 '1 in all, but got 2' "$steer" sample run --then run --noise 0.5 --noise 0.1
refuses 1 'expected --from' "$steer" sample run --noise 0.4
refuses 1 'expected --from' "$steer" sample run --invert
refuses 1 'of all models only a diffusion' "$steer" sample run --from each/3.png --fit resize --invert
refuses 2 'not in range' "$steer" sample run --from each/3.png --noise 1.5
refuses 1 'nothere.png' "$steer" sample run --from nothere.png
refuses 1 'each seed once' "$steer" sample run --seed 3,3 -o '{seed}.png'
refuses 1 'ends in .png' "$steer" sample run -n 1 -o picture.json
refuses 1 'it is a folder' "$steer" sample run -n 1 -o run
refuses 1 'an empty one' "$steer" sample run -n 1 -o ''
echo '{"mine": 1}' >keep.json
refuses 1 "is not steer's" "$steer" sample run -n 1 -o keep.png
claims 'what it did not write stays' grep -q mine keep.json
works 'unless it is forced' "$steer" sample run -n 1 -o keep.png --force
works 'its own it writes over' "$steer" sample run -n 1 -o keep.png
mv run moved
refuses 1 '--model PATH names it' "$steer" again samples.png
works 'again with a model that moved' "$steer" again samples.png --model moved -o repeated.png
mv moved run
works 'reconstruct data' "$steer" reconstruct run --data shapes -n 5 -o recon.png
works 'evaluate' "$steer" evaluate run --data shapes -n 20 --json
works 'evaluate guided' "$steer" evaluate run --data shapes -n 6 --objective 'super_resolve(factor=4)' -o guided_eval.png
works inspect "$steer" inspect run
works tree "$steer" tree run --levels 2 -o tree.png
refuses 1 'fewer levels' "$steer" tree run --levels 5
works 'inspect a file' "$steer" inspect run/model.safetensors --tensors

# An image of the right size: the sample picture of one image has a border of 2 pixels, so it is cropped by
# training data instead.
cp one.png bordered.png
refuses 1 'expected' "$steer" guide run --objective 'inpaint(bordered.png, mask=left)' -n 2
works 'guide with fit' "$steer" guide run --objective 'inpaint(bordered.png, mask=left, fit=resize)' -n 3 -o guided.png --json
works 'guide a sum' "$steer" guide run --objective '0.5*inpaint(bordered.png, mask=left) + colourise(bordered.png)' --fit resize -n 2 -o sum.png
# A judge that likes all samples alike; how many there are stands in the head of the .npy file.
cat >judge.sh <<'JUDGE'
count=$(head -c 128 | tr -d '\0' | LC_ALL=C sed -nE "s/.*'shape': \(([0-9]+).*/\1/p")
cat >/dev/null
yes 1 | head -n "$count"
JUDGE
works 'guide by an outside program' "$steer" guide run --objective 'program("sh judge.sh", timeout=20)' -n 2 -o judged.png
refuses 1 'expected 8 scores' "$steer" guide run --objective 'program("cat >/dev/null; echo 1")' -n 1
refuses 1 'expected --programs' "$steer" again judged.png
works 'again with a program' "$steer" again judged.png --programs -o repeated.png
claims 'a guided picture is repeated bit for bit' cmp -s judged.png repeated.png
refuses 1 'expected a picture with its recipe inside' "$steer" again recon.png
works 'guide by beam search' "$steer" guide run --objective 'colourise(bordered.png, fit=resize)' --beam 6 -n 3 -o beam.png
works 'guide by particles' "$steer" guide run --objective 'colourise(bordered.png, fit=resize)' --particles 4 --temperature 2 -n 3 -o particles.png
works 'guide some levels' "$steer" guide run --objective 'colourise(bordered.png, fit=resize)' --levels 2:3 --top 0.1 -n 3 -o levels.png
works 'guide with a shortlist' "$steer" guide run --objective 'program("sh judge.sh", timeout=20)' --shortlist 3 -n 2 -o short.png
refuses 1 'expected a:b' "$steer" guide run --objective 'colourise(bordered.png, fit=resize)' --levels 3
refuses 1 '1 <= a <= b <=' "$steer" guide run --objective 'colourise(bordered.png, fit=resize)' --levels 4:99
refuses 1 'either a beam or particles' "$steer" guide run --objective 'colourise(bordered.png, fit=resize)' --beam 3 --particles 3
works tune "$steer" tune run --objective 'inpaint(bordered.png, mask=left, fit=resize)' --satisfied 0 --minutes 0.02 -n 4 --batch 4 --out tuned --json
claims 'tune tells before and after' grep -q '"before":.*"after":' out.txt
works 'sample the tuned' "$steer" sample tuned -n 2 -o tuned.png
refuses 1 'expected a new folder' "$steer" tune run --objective 'inpaint(bordered.png, mask=left, fit=resize)' --out tuned
refuses 1 'expected an objective with a gradient' "$steer" tune run --objective 'program("sh judge.sh")' -n 4 --out x
works 'train with biases' "${train[@]}" --out biased --images 64 --set ddn.balance=bias
works 'sample the biased' "$steer" sample biased -n 2 -o biased.png
works 'encode by beam search' "$steer" reconstruct run --data shapes -n 5 --beam 4 -o recon_beam.png
works 'reconstruct a file' "$steer" reconstruct run bordered.png --fit resize -o recon.png

works 'train recomputing, with dropout' "${train[@]}" --out recomputed --images 16 --set train.recompute=true --set ddn.pyramid.dropout=0.1

# A classifier judges, guides, and makes no samples.
judge=("$steer" train classifier --data shapes --set data.size=8 --set classifier.network.size=8 --set 'classifier.network.widths=[8,16]' --set data.limit=64
  --set train.loader.batch=8 --set train.grid_minutes=0 --threads 1)
works 'train a classifier' "${judge[@]}" --out judge --images 64 --json
works 'inspect a classifier' "$steer" inspect judge
works 'evaluate a classifier' "$steer" evaluate judge --data shapes -n 30 --json
claims 'its accuracy is printed' grep -q '"accuracy":' out.txt
works 'guide by a label' "$steer" guide run --objective 'label(2, classifier=judge)' --same-judge --judge judge -n 2 -o label.png --json
claims 'the judge is heard' grep -q '"confidence":' out.txt
works 'guide by all labels' "$steer" guide run --objective 'label(classifier=judge)' -n 5 -o labels.png
works 'evaluate labels without data' "$steer" evaluate run --objective 'label(classifier=judge)' --same-judge --judge judge/model.safetensors -n 5 --batch 2 -o labels.png
works 'guide by ranks' "$steer" guide run --objective 'rank(0.5*inpaint(bordered.png, mask=not_eyes) + 0.5*entropy(classifier=judge))' --fit resize -n 2 -o rank.png
works 'guide by ranks and beams' "$steer" guide run --objective 'rank(edges(bordered.png) + label(1, classifier=judge))' --fit resize --beam 3 -n 1 -o rank.png
works 'guide by edges and strokes' "$steer" guide run --objective '0.5*canny(bordered.png) + strokes(bordered.png) + strokes(bordered.png, distance=l1)' --fit resize -n 2 -o edges.png
works 'evaluate edges' "$steer" evaluate run --data shapes -n 4 --objective 'edges()'
refuses 1 'expected a model that samples' "$steer" sample judge
refuses 1 'expected a model that samples' "$steer" guide judge --objective 'label(1, classifier=judge)'
refuses 1 'from 0 to 4, but got "7"' "$steer" guide run --objective 'label(7, classifier=judge)'
refuses 1 'family classifier' "$steer" guide run --objective 'label(1, classifier=run)'
refuses 1 'whole TorchScript file' "$steer" guide run --objective 'text("a red disc", model=one.png)' -n 1
refuses 1 'another network than the one that guides' "$steer" guide run --objective 'label(2, classifier=judge)' --judge ./judge -n 2 -o label.png
refuses 1 'another network than the one that guides' "$steer" evaluate run --objective 'label(classifier=judge)' --judge judge -n 2
works 'a few unguided samples beside' "$steer" guide run --objective 'label(2, classifier=judge)' --check -n 5 -o label.png --json
claims 'both mean scores' grep -q '"check":{"guided":' out.txt
refuses 1 'asks for a class' "$steer" guide run --objective 'entropy(classifier=judge)' --same-judge --judge judge -n 1
refuses 1 'needs an image' "$steer" evaluate run --objective 'edges()' -n 1
refuses 1 'expected --data' "$steer" evaluate run
refuses 1 'rank inside a rank' "$steer" guide run --objective 'rank(rank(edges(bordered.png)))'
refuses 1 'expected labels below 2' "${judge[@]}" --out x --images 8 --set classifier.network.classes=2
refuses 1 'shrink_2' "${judge[@]}" --out x --images 8 --set classifier.augment.shrink_2=2

works density "$steer" density --density words -k 300 --samples 3000 --bins 40 --frames 5 --compare --json -o words.gif
claims 'density figures are one line of JSON' [ "$(wc -l <out.txt)" -eq 1 ]
claims 'a film has its JSON twin' [ -s words.gif -a -s words.json ]
works 'density of a picture' "$steer" density --density samples.png -k 50 --samples 500 --bins 10 --frames 0

# Codes: there and back, the same every time.
works encode "$steer" encode run --data shapes -n 9 -o codes.ddn --json
claims 'encode prints bits' grep -q '"file_bits":' out.txt
psnr=$(grep -o '"psnr":[0-9.]*' out.txt)
works 'reconstruct the same' "$steer" reconstruct run --data shapes -n 9 -o nine.png --json
claims 'encode and reconstruct agree' [ "$psnr" = "$(grep -o '"psnr":[0-9.]*' out.txt)" ]
works 'encode again' "$steer" encode run --data shapes -n 9 -o codes2.ddn
claims 'codes are the same on repeat' cmp -s codes.ddn codes2.ddn
works 'inspect codes' "$steer" inspect codes.ddn --json
claims 'inspect counts the codes' grep -q '"codes":9' out.txt
works 'inspect a picture' "$steer" inspect samples.png
works 'encode packed' "$steer" encode run --data shapes -n 9 -o packed.ddn --coder packed
works decode "$steer" decode run codes.ddn -o decoded.png --json
works 'decode again' "$steer" decode run codes.ddn -o decoded2.png
works 'decode packed' "$steer" decode run packed.ddn -o decoded3.png
claims 'decoded images are the same on repeat' cmp -s decoded.png decoded2.png
claims 'both coders hold the same codes' cmp -s decoded.png decoded3.png
works 'decode one' "$steer" decode run codes.ddn --index 4 -o single.png
works 'a film of codes' "$steer" decode run codes.ddn -o filmed_codes.png --film codes.gif
claims 'the film is there' [ "$(head -c 6 codes.gif)" = GIF89a ]
works 'encode that one' "$steer" encode run single.png -o single.ddn
works 'decode the one' "$steer" decode run single.ddn --index 0 -o single2.png

# Conditions: a class, or what an image tells.
mkdir -p digits
{ printf '\0\0\x08\x03\0\0\0\x14\0\0\0\x08\0\0\0\x08'; head -c 1280 /dev/urandom; } >digits/train-images-idx3-ubyte
{ printf '\0\0\x08\x01\0\0\0\x14'; for i in 0 1; do printf '\0\1\2\3\4\5\6\7\x08\x09'; done; } >digits/train-labels-idx1-ubyte
classes=("${tiny[@]}" --set ddn.pyramid.image_channels=1 --set data.channels=1 --set data.path=digits --set ddn.condition.type=class)
works 'train by class' "$steer" train ddn "${classes[@]}" --out classes --images 64
works 'sample a class' "$steer" sample classes --label 3 -n 4 -o three.png
works 'sample all classes' "$steer" sample classes --label all -n 20 -o all.png --json
claims 'labels stand beside the picture' grep -q '"label": "all"' all.json
works 'guide a class' "$steer" guide classes --label 3 --objective 'inpaint(one.png, mask=left)' --fit resize -n 2 -o guided_class.png
works 'guide several classes by beam search' "$steer" guide classes --label 1,2 --beam 3 --objective 'inpaint(one.png, mask=left)' --fit resize -n 4 -o guided_class.png
works 'evaluate by class' "$steer" evaluate classes --data digits --split train -n 20
works 'tree of a class' "$steer" tree classes --levels 2 --label 4 -o tree4.png
works 'encode by class' "$steer" encode classes --data digits --split train -n 12 -o digits.ddn
works 'decode with the data' "$steer" decode classes digits.ddn --data digits --split train -o digits.png
works 'decode with the labels' "$steer" decode classes digits.ddn --label all -o digits2.png
claims 'both say the same' cmp -s digits.png digits2.png
refuses 1 'expected --label, 0 to 9 or all' "$steer" decode classes digits.ddn
refuses 1 'expected --label, 0 to 9 or all' "$steer" sample classes
refuses 1 'got "12"' "$steer" sample classes --label 3,12
refuses 1 'not conditional on classes' "$steer" sample run --label 3
refuses 1 'not conditional on images' "$steer" sample run --condition one.png
refuses 1 'ddn.condition.type' "${train[@]}" --out x --images 64 --set ddn.condition.type=sketch
for type in colour edge resize; do
  works "train by $type" "${train[@]}" --out by_$type --images 16 --set ddn.condition.type=$type --set ddn.condition.size=4 --set train.grid_minutes=1
  works "sample by $type" "$steer" sample by_$type --condition bordered.png --fit resize -n 4 -o by_$type.png
done
works 'reconstruct by edges' "$steer" reconstruct by_edge --data shapes -n 3 -o by_edge.png
refuses 1 'expected --condition IMAGE' "$steer" sample by_edge

# Diffusion and flow: the same commands, and those of their own.
unet=(--set 'diffusion.unet.block_out_channels=[8,8]' --set diffusion.unet.layers_per_block=1 --set diffusion.unet.norm_num_groups=4
  --set 'diffusion.unet.down_block_types=["DownBlock2D","DownBlock2D"]' --set 'diffusion.unet.up_block_types=["UpBlock2D","UpBlock2D"]'
  --data shapes --set data.size=8 --set data.channels=3 --set data.limit=64 --set train.loader.batch=8 --set train.grid_minutes=0 --threads 1)
works 'train a diffusion' "$steer" train diffusion "${unet[@]}" --out edm --images 64 --json
works 'train a flow' "$steer" train diffusion "${unet[@]}" --set diffusion.process.type=flow --out flow --images 64 --json
works 'train a ddpm with classes' "$steer" train diffusion "${unet[@]}" --set diffusion.process.type=ddpm --set diffusion.classes=5 --out ddpm --images 64 --json
works 'resume a diffusion' "$steer" train diffusion --out edm --resume --images 128 --threads 1
works 'inspect a diffusion' "$steer" inspect edm
works 'sample a diffusion' "$steer" sample edm -n 5 -o d.png --json
claims 'it tells its evaluations' grep -q '"evaluations":18' out.txt
works 'sample in parts' "$steer" sample edm -n 5 --batch 2 -o d2.png
works 'one picture' "$steer" sample edm --seed 9 --zoom 1 -o 'one/{seed}.png'
works 'invert it' "$steer" sample edm --from one/9.png --noise 1 --invert --solver heun --steps 30 -o inverted.png --json
claims 'there and back' grep -q '"evaluations":118' out.txt
claims 'of one file one sample' grep -q '"samples":1' out.txt
works 'the inversion again' "$steer" again inverted.png -o repeated.png
claims 'it is bit for bit the same' same_pixels inverted.png repeated.png
works 'through the noise of two seeds' "$steer" interpolate edm --seeds 3,8 -n 5 -o seeds.gif
works 'through that of two pictures' "$steer" interpolate edm one/9.png one/9.png -n 3 -o noise.png
refuses 1 'two seeds' "$steer" interpolate edm --seeds 3 -o never.png
works 'a front of two goals' "$steer" front edm --objective 'gaussian(mean=0.5, std=0.5)' --objective 'gaussian(mean=-0.5, std=0.5)' --weights 0.5,2 -n 2 --steps 3 -o front.png --chart front.svg
claims 'the goals alone' grep -q '^alone' out.txt
refuses 1 'weights above 0' "$steer" front edm --objective 'gaussian()' --objective 'gaussian(mean=1)' --weights 2,1 -n 2 -o never.png
works 'a chart of scores' "$steer" guide edm --objective 'gaussian(mean=0.5, std=0.5)' -n 2 --steps 4 --chart chart.svg -o charted.png
claims 'the chart is one' grep -q '^<svg' chart.svg
claims 'the figures beside the chart' grep -q '"mean"' chart.json
works outpainting "$steer" outpaint edm one/9.png --right 8 --below 4 -n 2 --steps 3 -o wider.png
claims 'the size of what grew' grep -q '2 pictures of' out.txt
refuses 1 'pixels to add' "$steer" outpaint edm one/9.png -o never.png
works 'an inversion guided' "$steer" guide edm --objective 'edges(one/9.png)' --from one/9.png --invert --eta 0 --steps 5 -o edited.png
for solver in ddpm ddim euler_ancestral second_order dpmpp_2m dpmpp_3m_sde lms predictor_corrector; do
  works "sample by $solver" "$steer" sample edm -n 2 --solver $solver --steps 4 -o d.png
done
works 'sample by dopri5' "$steer" sample flow -n 2 --solver dopri5 --sampler solver.rtol=0.1 --sampler solver.atol=0.1 -o d.png
works 'sample by another process' "$steer" sample edm -n 2 --process flow --levels exponential --steps 3 --eta 0.5 -o d.png
works 'sample classes' "$steer" sample ddpm --label all -n 5 --scale 2 --steps 3 -o d.png --json
claims 'guidance without a classifier costs two evaluations' grep -q '"evaluations":6' out.txt
refuses 1 'label' "$steer" sample ddpm -n 2
refuses 1 'without classes' "$steer" sample edm -n 2 --scale 2
refuses 2 'solver' "$steer" sample edm -n 2 --solver magic
refuses 1 'magic' "$steer" sample edm -n 2 --levels magic
refuses 1 'solver: a ddn model has no such setting' "$steer" sample run -n 2 --solver heun
refuses 1 'solver.chrun' "$steer" sample edm -n 2 --sampler solver.chrun=1
few=(--steps 3 --threads 1)
works 'guide a diffusion' "$steer" guide edm --objective 'colourise(bordered.png, fit=resize)' -n 2 "${few[@]}" -o d.png --json
claims 'it tells how it was guided' grep -q '"sigma_structure":"posterior"' out.txt
for method in auto tfg dps lgd freedom mpgd ugd pigdm pigdm_step best_of svdd feynman_kac tree; do
  works "guide by $method" "$steer" guide edm --objective 'gaussian(mean=0.2)' --method $method "${few[@]}" -n 2 -o d.png
done
works 'guide a flow by every evaluation' "$steer" guide flow --objective 'label(2, classifier=judge)' --solver heun "${few[@]}" -n 2 -o d.png
works 'guide with recurrence' "$steer" guide edm --objective 'label(classifier=judge)' --same-judge --judge judge --recurrence 2 --strength 0.5 "${few[@]}" -n 5 -o d.png --json
claims 'recurrence costs evaluations' grep -q '"evaluations":6' out.txt
works 'guide classes' "$steer" guide ddpm --objective 'gaussian()' --label 1 --scale 2 "${few[@]}" -n 2 -o d.png
works 'particles for a black box' "$steer" guide edm --objective 'program("sh judge.sh", timeout=20)' --particles 3 "${few[@]}" -n 2 -o d.png
works 'particles that climb' "$steer" guide edm --objective 'gaussian()' --method tfg --particles 3 "${few[@]}" -n 2 -o d.png
refuses 1 'expected an objective with a gradient' "$steer" guide edm --objective 'program("sh judge.sh", timeout=20)' --method tfg "${few[@]}" -n 2 -o d.png
refuses 1 'form denoiser' "$steer" guide edm --objective 'gaussian()' --guidance climb.form=step --solver heun -n 2 -o d.png
refuses 1 'dpmpp_2m' "$steer" guide edm --objective 'gaussian()' --recurrence 2 --solver dpmpp_2m -n 2 -o d.png
refuses 1 'dopri5' "$steer" guide edm --objective 'gaussian()' --solver dopri5 -n 2 -o d.png
refuses 1 'heun' "$steer" guide edm --objective 'gaussian()' --method feynman_kac --solver heun -n 2 -o d.png
refuses 1 'climb.roh' "$steer" guide edm --objective 'gaussian()' --guidance climb.roh=1 -n 2 -o d.png
refuses 1 'beam: a diffusion model has no such setting' "$steer" guide edm --objective 'gaussian()' --beam 4 -n 2 -o d.png
refuses 1 'method: a ddn model has no such setting' "$steer" guide run --objective 'gaussian()' --method tfg -n 2 -o d.png
works 'evaluate guided diffusion' "$steer" evaluate edm --data shapes --objective 'super_resolve(factor=2)' -n 4 "${few[@]}" -o d.png
works 'search strengths' "$steer" search edm --objective 'gaussian()' --metric score --method tfg --knob climb.rho=0.5:2:1 --knob climb.mu=0.5:2:1 -n 2 --confirm 3 "${few[@]}" -o strong.json --json
claims 'a search leaves its trials' [ "$(wc -l <strong.json.trials.jsonl)" -eq 5 ]
works 'search again from its trials' "$steer" search edm --objective 'gaussian()' --metric score --method tfg --knob climb.rho=0.5:2:1 --knob climb.mu=0.5:2:1 -n 2 "${few[@]}" -o strong.json
claims 'trials are not made twice' [ "$(wc -l <strong.json.trials.jsonl)" -eq 5 ]
refuses 1 'another search' "$steer" search edm --objective 'gaussian()' --metric score -n 3 "${few[@]}" -o strong.json
works 'guide by what was found' "$steer" guide edm --objective 'gaussian()' --preset strong.json -n 2 -o d.png
works 'search by halving' "$steer" search edm --objective 'gaussian()' --metric score --method dps --search halving -n 4 "${few[@]}" -o half.json
refuses 1 'another network than the one that guides' "$steer" search edm --objective 'label(classifier=judge)' --judge ./judge -n 2 "${few[@]}" -o x.json
refuses 1 'expected one of' "$steer" search edm --objective 'gaussian()' --metric accuracy -n 2 "${few[@]}" -o x.json
refuses 1 'START:FACTOR:CAP' "$steer" search edm --objective 'gaussian()' --metric score --knob strength=1 -n 2 -o x.json
refuses 1 'expected a diffusion model' "$steer" search run --objective 'gaussian()' --metric score -n 2 -o x.json
refuses 1 'one.png: ' "$steer" guide edm --objective 'gaussian()' --preset one.png -n 2 -o d.png
cat >tasks.json <<'TASKS'
{"tasks": [{"name": "bright", "objective": "gaussian()", "count": 4}, {"name": "x2", "objective": "super_resolve(factor=2)", "data": "shapes", "count": 3}],
 "methods": {"greedy": {"family": "ddn", "top": 1}, "tfg": {"method": "tfg", "sampler": {"levels": {"steps": 3}}}, "unguided": {"method": "unguided", "sampler": {"levels": {"steps": 3}}}},
 "search": 2, "search_samples": 2}
TASKS
works 'compare' "$steer" compare --runs edm=edm,flow=flow --objectives tasks.json -o report --threads 1 --json
claims 'a report has a page and pictures' [ -s report/index.html -a -s report/task2_flow_tfg.png -a -s report/task2_truth.png ]
results=$(wc -l <report/results.jsonl)
works 'compare goes on' "$steer" compare --runs edm=edm,flow=flow --objectives tasks.json -o report --threads 1
claims 'results are not made twice' [ "$(wc -l <report/results.jsonl)" -eq "$results" ]
works 'compare families' "$steer" compare --runs edm=edm,ddn=run --objectives tasks.json -o report3 --threads 1
refuses 1 'got a classifier' "$steer" compare --runs edm=edm,c=judge --objectives tasks.json -o report2
cat >page.json <<'PAGE'
{"title": "A page", "sections": [{"heading": "Samples", "code": "steer sample run -n 6", "picture": "samples.png",
  "caption": "none left out", "figures": {"file": "samples.json", "show": {"drawn": "samples"}}}]}
PAGE
works 'report' "$steer" report page.json -o page --json
claims 'a page stands beside its pictures' cmp -s page/samples.png samples.png
claims 'it shows the figure' grep -q '<dd>6</dd>' page/index.html
sed -i 's/"picture"/"pictrue"/' page.json
refuses 1 'did you mean picture' "$steer" report page.json -o page
sed -i 's/"search"/"serch"/' tasks.json
refuses 1 'did you mean search' "$steer" compare --runs edm=edm --objectives tasks.json -o report2
refuses 1 'expected a model with codes' "$steer" reconstruct edm --data shapes -n 2
works 'distance of samples from data' "$steer" evaluate edm --data shapes --features judge -n 12 --steps 3 --json
claims 'with a scale by real images' grep -q '"real":{"frechet"' out.txt
works 'the same for a ddn' "$steer" evaluate run --data shapes --features judge -n 12
works likelihood "$steer" likelihood edm --data shapes -n 3 --tolerance 1e-2 --json
works 'likelihood on a grid' "$steer" likelihood ddpm --data shapes -n 2 --steps 4
refuses 1 'expected a diffusion model' "$steer" likelihood run --data shapes -n 2
works reflow "$steer" reflow flow --out flow2 --pairs 20 --steps 3 --images 64 --set train.loader.batch=8 --set train.grid_minutes=0 --json
works 'reflow goes on' "$steer" reflow flow --out flow2 --resume --images 80 --json
works 'distil' "$steer" reflow flow --out flow1 --pairs 20 --steps 3 --images 16 --set train.loader.batch=8 --set train.grid_minutes=0 --distil
works 'sample in one step' "$steer" sample flow1 --solver euler --steps 1 -n 2 -o d.png
refuses 1 'holds a run already' "$steer" reflow flow --out flow2 --images 80
refuses 1 'expected a flow' "$steer" reflow edm --out x --images 80
works 'export to diffusers' "$steer" export ddpm --diffusers folder
works 'import from diffusers' "$steer" import --diffusers folder --out ddpm_back
works 'the same samples' "$steer" sample ddpm --label 1,2 -n 4 --steps 3 -o e1.png
works 'the same samples again' "$steer" sample ddpm_back --label 1,2 -n 4 --steps 3 -o e2.png
claims 'a model comes back from diffusers' same_pixels e1.png e2.png
works 'an edm goes to diffusers too' "$steer" export edm --diffusers folder2
works 'and comes back' "$steer" import --diffusers folder2 --out edm_back
sed -i 's/"sample_size": [0-9]*/"sample_size": null/' folder/unet/config.json
refuses 1 'tells no sample_size' "$steer" import --diffusers folder --out x
works 'the size is said' "$steer" import --diffusers folder --size 16 --out sized
refuses 2 'requires --diffusers' "$steer" import --size 16 --out x
sed -i 's/"DownBlock2D"/"CrossAttnDownBlock2D"/' folder/unet/config.json
refuses 1 'CrossAttnDownBlock2D' "$steer" import --diffusers folder --out x
refuses 1 'either' "$steer" import --out x

# Official weights: our own under the official names, through the script that exports them; a stand-in for
# PyTorch holds the tensors.
cat >torch.py <<'TORCH'
class Tensor:
    def __init__(self, data, shape):
        self.data, self.shape, self.dtype = data, shape, 'torch.float32'
    def detach(self): return self
    cpu = contiguous = numpy = detach
    def numel(self): return len(self.data) // 4
    def element_size(self): return 4
    def tobytes(self): return self.data
class Module:
    def state_dict(self): return self.state
TORCH
cat >official.py <<'OFFICIAL'
import json, pickle, struct, sys, torch
data = open(sys.argv[1], 'rb').read()
size = struct.unpack('<Q', data[:8])[0]
header, body = json.loads(data[8:8 + size]), data[8 + size:]
network = torch.Module()
network.state = {'model.' + name: torch.Tensor(body[slice(*entry['data_offsets'])], entry['shape'])
                 for name, entry in header.items() if entry.get('dtype') == 'F32'}
network.state['model.block_2x2_0_up.block.conv0.resample_filter'] = torch.Tensor(struct.pack('<4f', *[.25] * 4), [1, 1, 2, 2])
pickle.dump({'ema': network}, open(sys.argv[2], 'wb'))
OFFICIAL
if command -v python3 >python.txt; then
  works 'a network as the official code saves it' python3 official.py run/model.safetensors official.pkl
  works export env PYTHONPATH=. python3 "$tools/export_official.py" official.pkl official.safetensors
  claims 'the export names the next command' grep -q 'steer import official.safetensors --official pyramid' out.txt
  works import "$steer" import official.safetensors --official pyramid --out imported --json
  works 'sample the imported' "$steer" sample imported -n 6 -o imported.png
  claims 'imported weights sample the same' same_pixels samples.png imported.png
  works 'encode with the imported' "$steer" encode imported --data shapes -n 9 -o imported.ddn
  refuses 1 'holds a run already' "$steer" import official.safetensors --official pyramid --out imported
  refuses 1 'b1.0.conv1.weight' "$steer" import official.safetensors --official recurrent --out x
fi
refuses 1 'one.png' "$steer" import one.png --official pyramid --out x
refuses 1 'official' "$steer" import one.png --out x
refuses 1 'ddo.idle' "$steer" import run/model.safetensors --official pyramid --out x

# A prior over codes: learned, coded with, sampled from.
works prior "$steer" prior run --data shapes -n 64 --test-count 20 --steps 20 --threads 1 --json
claims 'a prior prints bits' grep -q '"bits":' out.txt
refuses 1 'expected no prior there' "$steer" prior run --data shapes -n 64 --steps 2
works 'prior resumed' "$steer" prior run --data shapes -n 64 --test-count 20 --steps 5 --resume
works 'another prior' "$steer" prior run --data shapes -n 64 --test-count 20 --steps 5 --seed 3 -o other_prior.safetensors
works 'encode by the prior' "$steer" encode run --data shapes -n 9 -o prior.ddn --coder prior --json
claims 'encode prints the bits of the prior' grep -q '"prior_bits":' out.txt
works 'inspect codes of a prior' "$steer" inspect prior.ddn
works 'inspect a prior' "$steer" inspect run/prior.safetensors
works 'encode by the prior on one thread' "$steer" encode run --data shapes -n 9 -o prior2.ddn --coder prior --threads 1
claims 'codes by the prior are the same on repeat' cmp -s prior.ddn prior2.ddn
works 'decode by the prior' "$steer" decode run prior.ddn -o decoded4.png
claims 'the prior holds the same codes' cmp -s decoded.png decoded4.png
refuses 1 'but got' "$steer" decode run prior.ddn --prior other_prior.safetensors
refuses 1 'expected a prior of this model but there is none' "$steer" decode run prior.ddn --prior nowhere.safetensors
refuses 1 'expected a prior but got another kind' "$steer" decode run prior.ddn --prior run/model.safetensors
head -c 900 run/prior.safetensors >cut_prior.safetensors
refuses 1 'cut_prior.safetensors' "$steer" encode run --data shapes -n 2 --coder prior --prior cut_prior.safetensors
works 'sample from the prior' "$steer" sample run --prior -n 6 -o prior.png
works 'sample from the prior in parts' "$steer" sample run --prior run/prior.safetensors -n 6 --batch 2 -o prior2.png
claims 'samples of the prior do not depend on the batch size' same_pixels prior.png prior2.png
works 'sample cold' "$steer" sample run --prior -n 2 --temperature 0.5 -o cold.png
refuses 1 'temperature' "$steer" sample run -n 2 --temperature 0.5

# The code at work: rates, strips, search, clusters, ways between images.
works rates "$steer" rates run --data shapes -n 6 -o rates.csv --json
claims 'rates of the layers, of JPEG and of WebP' [ "$(grep -c '^ddn\|^jpeg,90\|^webp,90' rates.csv)" -eq 7 ]
works 'reconstruct with a strip' "$steer" reconstruct run --data shapes -n 3 --strip strip.png --strip-columns 3
claims 'a strip has its JSON twin' grep -q '"layers"' strip.json
works 'reconstruct with a film' "$steer" reconstruct run --data shapes -n 3 --strip layers.gif --strip-columns 1000
claims 'the film is one' grep -q '^GIF8' layers.gif
works 'index' "$steer" search-similar run --data shapes --images 30 --index codes.idx
works 'inspect an index' "$steer" inspect codes.idx
works 'search' "$steer" search-similar run single.png --index codes.idx -n 4 -o similar.png --json
works 'search by prefix' "$steer" search-similar run single.png --index codes.idx -n 4 --by prefix
works 'search evaluated' "$steer" search-similar run --index codes.idx --evaluate 5 -n 2
refuses 1 'no.idx: expected an index but there is none' "$steer" search-similar run single.png --index no.idx
refuses 1 'codes.ddn: expected an index of codes' "$steer" search-similar run single.png --index codes.ddn
head -c 60 codes.idx >cut.idx
refuses 1 'cut.idx' "$steer" search-similar run single.png --index cut.idx
refuses 1 'expected images to look for' "$steer" search-similar run
works cluster "$steer" cluster run --data shapes -n 30 -k 4 -o clusters.png
works 'cluster by prefix' "$steer" cluster run --data shapes -n 30 --by prefix --levels 2 -o clusters.png --json
claims 'clusters are measured against labels' grep -q '"purity":' out.txt
refuses 1 'expected 1 to 5' "$steer" cluster run --data shapes -n 3 --by prefix --levels 6
works probe "$steer" probe run --data shapes -n 30 --test-count 10 --json
claims 'layers are told apart' grep -q '"linear_of_pca":' out.txt
refuses 1 'told nothing' "$steer" probe classes --data shapes -n 30 --test-count 10
refuses 1 '--clusters: expected 1 to 3' "$steer" cluster run --data shapes -n 3 -k 4
works interpolate "$steer" interpolate run single.png single2.png -n 4 -o way.png
works 'interpolate by pixels' "$steer" interpolate run single.png single2.png -n 4 --by pixels -o way.png --json
refuses 2 'images' "$steer" interpolate run single.png

# Refusals.
refuses 1 'did you mean spirals' "$steer" density --density spiral
refuses 2 'nodes' "$steer" density -k 1
refuses 1 'missing.png' "$steer" density --density missing.png
refuses 2 'huffman' "$steer" encode run one.png --coder huffman
refuses 1 'either files or --data' "$steer" encode run
refuses 1 'no.ddn' "$steer" decode run no.ddn
refuses 1 'one.png: expected a file of codes' "$steer" decode run one.png
refuses 1 'expected 0 to 8 but got 9' "$steer" decode run codes.ddn --index 9
head -c 50 codes.ddn >cut.ddn
refuses 1 'cut.ddn' "$steer" decode run cut.ddn
{ head -c 45 codes.ddn; printf '#'; tail -c +47 codes.ddn; } >damaged.ddn
refuses 1 'checksum' "$steer" decode run damaged.ddn
refuses 2 'subcommand' "$steer"
refuses 2 '--n0such' "$steer" sample run --n0such
refuses 2 'family' "$steer" train
refuses 2 'dnd' "$steer" train dnd --out x
refuses 1 'budget' "${train[@]}" --out x
refuses 1 'absent' "$steer" sample absent
refuses 1 'holds a run already' "${train[@]}" --out run --images 64
refuses 1 'expected a run to resume' "${train[@]}" --out x --images 64 --resume
refuses 1 'train.rote' "${train[@]}" --out x --images 64 --set train.rote=1
refuses 1 'did you mean balance' "${train[@]}" --out x --images 64 --set ddn.balanse=none
refuses 1 'train.rate' "${train[@]}" --out x --images 64 --set train.rate=fast
refuses 1 'train.recompute: expected false for a classifier' "${judge[@]}" --out x --images 8 --set train.recompute=true
refuses 1 'no/such' "${train[@]}" --out x --images 64 --data no/such
refuses 1 'no.json' "$steer" train ddn --config no.json --out x --images 8
refuses 1 'as the model makes them' "${train[@]}" --out x --images 64 --set data.size=16
refuses 1 'cuda' "$steer" sample run --device cuda0
refuses 1 'unknown objective' "$steer" guide run --objective 'inpant(bordered.png)'
refuses 1 'column' "$steer" guide run --objective 'inpaint(bordered.png'
refuses 1 'mask' "$steer" guide run --objective 'inpaint(bordered.png, mask=nothere.png, fit=resize)'
refuses 1 'missing.png' "$steer" guide run --objective 'colourise(missing.png)'
refuses 1 'expected an image' "$steer" reconstruct run bordered.png
head -c 40 bordered.png >cut.png
refuses 1 'cut.png' "$steer" reconstruct run cut.png
mkdir cut_run
head -c 3000 run/model.safetensors >cut_run/model.safetensors
refuses 1 'cut_run' "$steer" sample cut_run
printf '\x10\0\0\0\0\0\0\0{"a":1}         ' >foreign.safetensors
refuses 1 'foreign.safetensors' "$steer" sample foreign.safetensors
sed 's/"family":"ddn"/"family":"dpm"/' run/model.safetensors >other.safetensors
refuses 1 'family' "$steer" sample other.safetensors
mkdir -p idx
printf '\0\0\x08\x03\0\0\0\x05\0\0\0\x08\0\0\0\x08abc' >idx/train-images-idx3-ubyte
printf '\0\0\x08\x01\0\0\0\x05abcde' >idx/train-labels-idx1-ubyte
refuses 1 'train-images-idx3-ubyte' "${train[@]}" --out x --images 8 --data idx
tar cf pictures.tar bordered.png recon.png 2>/dev/null
head -c 700 pictures.tar >cut.tar
refuses 1 'have none' "$steer" train classifier --data pictures.tar --set data.size=8 --set data.fit=resize --out x --images 8
refuses 1 'cut.tar' "${train[@]}" --out x --images 8 --data cut.tar
claims 'refused runs leave no folder' [ ! -e x ]
refuses 1 'No space' "$steer" sample run -n 2 -o /dev/full

works 'another model' "${train[@]}" --out other_run --images 8 --set train.seed=5
refuses 1 'expected the model with fingerprint' "$steer" again samples.png --model other_run
refuses 1 'prior.safetensors: expected a prior of the model with fingerprint' "$steer" sample other_run --prior run/prior.safetensors -n 1
refuses 1 'codes.idx: expected codes of the model with fingerprint' "$steer" search-similar other_run single.png --index codes.idx
refuses 1 'codes.ddn: expected codes of the model with fingerprint' "$steer" decode other_run codes.ddn

# Text: the same commands.
for i in $(seq 120); do printf 'the cat sat on the mat. the dog ran to the cat.\r\n'; done >rhyme.txt
text=(--set data.length=16 --set train.loader.batch=8 --set train.grid_minutes=0 --threads 1 --images 64 --data rhyme.txt)
for family in text ar; do
  works "train $family" "$steer" train $family "${text[@]}" --out run_$family --set $family.transformer.width=16 \
    --set $family.transformer.blocks=1 --set $family.transformer.heads=2
  works "likelihood of $family" "$steer" likelihood run_$family --data rhyme.txt -n 0
  claims 'it tells bits a character' grep -q 'bits a character' out.txt
done
works 'sample text' "$steer" sample run_text -n 2 -o texts.txt --film texts.gif --steps 6
claims 'texts and their film are there' [ -s texts.txt ] && [ -s texts.gif ] && [ -s texts.json ]
works 'sample text again' "$steer" again texts.txt -o again_texts.txt
claims 'the same texts' cmp -s texts.txt again_texts.txt
works 'sample text as a picture' "$steer" sample run_ar -n 2 -o texts.png --temperature 0 --length 30
works 'guide text' "$steer" guide run_text --objective "infill('the [3] sat[2]')" -n 2 -o filled.txt
claims 'what is known stays' grep -q '^the ... sat' filled.txt
works 'guide text toward a word' "$steer" guide run_text --objective "contains('dog') + 0.5*share(spaces=0.2)" -n 2 --seed 3 -o dog.txt
works 'guide text again' "$steer" again dog.txt -o again_dog.txt
claims 'the same guided texts' cmp -s dog.txt again_dog.txt
works 'guide text from left to right' "$steer" guide run_ar --objective "regex('cat|dog')" --particles 4 -n 2 -o regex.txt
printf 'import sys, json\nfor line in sys.stdin: print(json.loads(line).count("a"))\n' >count_a.py
works 'guide text by a program' "$steer" guide run_text --objective "program('python3 count_a.py')" --method best_of -n 1 -o many_a.txt
works 'train from another model' "$steer" train text --data rhyme.txt --out run_more --init run_text --images 64 --batch 8 --threads 1 --set train.grid_minutes=0
claims 'it has the other network' grep -q '"width": 16' run_more/options.json
works 'evaluate text' "$steer" evaluate run_text --data rhyme.txt -n 8 --judge run_ar
claims 'entropy beside perplexity' grep -q entropy out.txt
works 'evaluate guided text' "$steer" evaluate run_text --data rhyme.txt --objective "contains('dog')" -n 8 --judge run_ar
claims 'entropy, the judge and the score' grep -q 'entropy' out.txt && grep -q 'bits a character of the samples' out.txt && grep -q 'mean score' out.txt
works 'one text a file' "$steer" sample run_text -n 2 -o 'text{seed}.txt'
works 'what was written can be begun from' "$steer" sample run_text --from text1.txt --noise 0 -n 1 -o same.txt
claims 'the same text' cmp -s text1.txt same.txt
works 'inspect text' "$steer" inspect run_text
claims 'the context of each layer' grep -q 'all 16 tokens' out.txt
works 'film an image' "$steer" sample run -n 2 -o filmed.png --film film.gif
printf 'the cat sat on the zoo' >strange.txt
refuses 1 'line 1' "$steer" likelihood run_text --data strange.txt -n 0
refuses 1 'expected at most 16 tokens' "$steer" guide run_text --objective "infill('the [30] cat')" -n 1 -o x.txt
refuses 1 'characters that the model knows' "$steer" guide run_text --objective "contains('Q')" -n 1 -o x.txt
refuses 1 'expected samples of numbers' "$steer" guide run_text --objective 'gaussian()' -n 1 -o x.txt
refuses 1 'bends no predictions' "$steer" guide run_text --objective "regex('cat')" --method twisted -n 1 -o x.txt
refuses 1 'expected a text model' "$steer" train text --data rhyme.txt --out x --init run --images 8
refuses 1 'expected a name that ends in .png' "$steer" sample run -n 1 -o x.txt
refuses 1 'expected samples of text' "$steer" sample run -n 1 -o x.png --live
refuses 1 'expected samples of numbers but got text' "$steer" train ddn --data rhyme.txt --out x --images 8
refuses 1 'expected texts for a model of text' "$steer" train text --data shapes --out x --images 8
refuses 1 'unknown masks' "$steer" train text "${text[@]}" --out x --set text.loss=masks
refuses 1 'such setting' "$steer" sample run_ar -n 1 -o x.txt --force --steps 4
refuses 1 'an absorbing process' "$steer" train text "${text[@]}" --out x --set text.process.type=uniform --set text.block=4
for i in $(seq 40); do printf '{"text": "the cat sat", "label": "cats"}\n{"text": "the dog ran", "label": "dogs"}\n'; done >kinds.jsonl
works 'train text_classifier' "$steer" train text_classifier --data kinds.jsonl --set data.documents=true --set data.length=16 --out kinds \
  --images 640 --batch 16 --threads 1 --set train.grid_minutes=0 --set text_classifier.network.transformer.width=16 \
  --set text_classifier.network.transformer.blocks=1 --set text_classifier.network.transformer.heads=2
works 'evaluate text_classifier' "$steer" evaluate kinds --data kinds.jsonl -n 16
works 'train text of kinds' "$steer" train text --data kinds.jsonl --set data.documents=true --set data.length=16 --out run_kinds --images 64 \
  --batch 16 --threads 1 --set train.grid_minutes=0 --set text.transformer.width=16 --set text.transformer.blocks=1 --set text.transformer.heads=2
for method in cbg tag twisted; do
  works "guide text by $method" "$steer" guide run_kinds --objective 'label(cats, classifier=kinds)' --method $method --steps 8 -n 2 --force -o cats.txt
done
works 'guide text of all kinds' "$steer" guide run_kinds --objective 'label(classifier=kinds)' --method cbg_exact --steps 4 -n 4 -o kinds.txt
refuses 1 'another vocabulary' "$steer" guide run_text --objective 'label(cats, classifier=kinds)' -n 1 -o x.txt
refuses 1 'of the family text_classifier' "$steer" guide run_text --objective 'label(1, classifier=run_ar)' -n 1 -o x.txt
refuses 1 'documents with labels' "$steer" train text_classifier "${text[@]}" --out x
printf 'caf\xe9 latin-1' >latin.txt
refuses 1 'latin.txt' "$steer" train text --data latin.txt --out x --images 8
refuses 1 'expected an ar model' "$steer" evaluate run_text --data rhyme.txt -n 8 --judge run_text

# A limit on file size stands for a full disk: the old picture survives, nothing is left beside it.
cp samples.png kept.png
(ulimit -f 0; trap '' XFSZ; "$steer" sample run -n 8 -o kept.png) >out.txt 2>err.txt
claims 'a full disk is an error' [ $? -ne 0 ]
claims 'and leaves the old file' cmp -s samples.png kept.png

# Ctrl-C leaves with 130 and a checkpoint; the continued run equals an uninterrupted one.
works 'uninterrupted run' "${train[@]}" --out whole --images 4000
"${train[@]}" --out parts --images 4000 >out.txt 2>err.txt &
job=$!
for _ in $(seq 200); do [ -s parts/log.jsonl ] && break; sleep 0.05; done
kill -INT $job
wait $job
claims 'Ctrl-C leaves with 130' [ $? -eq 130 ]
works 'resume' "${train[@]}" --out parts --images 4000 --resume
works 'sample the uninterrupted' "$steer" sample whole -n 9 -o whole.png
works 'sample the resumed' "$steer" sample parts -n 9 -o parts.png
claims 'a resumed run equals an uninterrupted one' same_pixels whole.png parts.png

# Sounds: data of files, training, steering, and files of sound.
python3 - <<'PYTHON'
import math, os, struct, wave
os.makedirs("hums/low"), os.makedirs("hums/high")
for name, hz in (("low", 300), ("high", 1500)):
    for i in range(10):
        with wave.open(f"hums/{name}/{i}.wav", "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
            file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(2 * math.pi * (hz + 9 * i) * t / 8000))) for t in range(2000)))
PYTHON
hums=("$steer" train diffusion --data hums --set data.size=32 --set diffusion.process.type=flow --set train.loader.batch=8 --threads 1
  --set diffusion.unet.sample_size=32 --set 'diffusion.unet.block_out_channels=[8,16]' --set diffusion.unet.norm_num_groups=4
  --set 'diffusion.unet.down_block_types=["DownBlock2D","DownBlock2D"]' --set 'diffusion.unet.up_block_types=["UpBlock2D","UpBlock2D"]')
works 'train on sounds' "${hums[@]}" --out hum --images 48
works 'sample sounds' "$steer" sample hum -n 2 --steps 3 -o hum.wav
claims 'a WAV of both' [ "$(head -c 4 hum.wav)" = RIFF ]
works 'again' "$steer" again hum.wav -o hum2.wav
claims 'the same sound again' cmp -s hum.wav hum2.wav
works 'a spectrogram' "$steer" sample hum -n 2 --steps 3 -o hum.png
works 'fill a gap' "$steer" guide hum --objective 'inpaint(hums/low/3.wav, begin=0.08, end=0.16)' -n 2 --steps 4 -o filled.flac
works 'evaluate declip' "$steer" evaluate hum --data hums -n 2 --objective 'declip()' --steps 3 --json
claims 'it has a PSNR' grep -q '"psnr":' out.txt
refuses 1 'expected begin before end' "$steer" guide hum --objective 'inpaint(hums/low/3.wav, begin=0.2, end=0.1)' -o no.wav
head -c 300 hums/low/3.wav >cut.wav
refuses 1 'cut.wav' "$steer" guide hum --objective 'inpaint(cut.wav, begin=0.1, end=0.2)' -o no.wav
works 'train a ddn on sounds' "$steer" train ddn --data hums --set data.size=32 --set 'ddn.pyramid.widths=[8,8,8,8,8,8]' \
  --set 'ddn.pyramid.layers=[1,1,1,1,1,1]' --set 'ddn.pyramid.candidates=[4]' --set ddn.pyramid.image_channels=1 --threads 1 --out humcodes --images 64
works 'encode sounds' "$steer" encode humcodes hums/low/3.wav hums/high/3.wav -o hums.ddn
works 'decode them as a sound' "$steer" decode humcodes hums.ddn -o decoded.wav
claims 'a WAV of both' [ "$(head -c 4 decoded.wav)" = RIFF ]
printf 'mine' >mine.wav
refuses 1 'mine.wav' "$steer" decode humcodes hums.ddn -o mine.wav
refuses 1 'expected a name that ends in' "$steer" decode humcodes hums.ddn -o decoded.midi
refuses 1 'no_such.wav' "$steer" guide hum --objective 'pitch(220, weights=no_such.wav)' -o no.wav
refuses 1 'needs a sound' "$steer" guide hum --objective 'speaker(weights=no_such)' -o no.wav

# Waveforms: the same sounds, one by one as loud, by a network along them.
waves=("$steer" train diffusion --data wave:hums --set data.size=512 --set data.peak=0.6 --set diffusion.process.type=flow
  --set train.loader.batch=8 --set 'diffusion.unet.block_out_channels=[8,16]' --set diffusion.unet.norm_num_groups=4 --threads 1
  --set 'diffusion.unet.down_block_types=["DownBlock2D","DownBlock2D"]' --set 'diffusion.unet.up_block_types=["UpBlock2D","UpBlock2D"]')
works 'train on waveforms' "${waves[@]}" --out wave --images 48
works 'sample waveforms' "$steer" sample wave -n 2 --steps 3 -o wave.wav
works 'a waveform again' "$steer" again wave.wav -o wave2.wav
claims 'the same waveform again' cmp -s wave.wav wave2.wav
works 'a picture of waveforms' "$steer" sample wave -n 2 --steps 3 -o wave.png
works 'fill a gap of a waveform' "$steer" guide wave --objective 'inpaint(hums/low/3.wav, begin=0.02, end=0.03)' -n 2 --steps 4 -o gap.flac
works 'what clipping took' "$steer" guide wave --objective 'declip_wave(hums/low/3.wav, threshold=0.5)' -n 2 --steps 4 -o whole.wav
works 'more bandwidth' "$steer" evaluate wave --data hums -n 2 --objective 'bandwidth(hz=500)' --method pigdm --steps 3 --json
claims 'it has a PSNR, too' grep -q '"psnr":' out.txt
refuses 1 'half the rate' "$steer" guide wave --objective 'bandwidth(hums/low/3.wav, hz=5000)' -o no.wav
refuses 1 'as high as they are wide' "$steer" train classifier --data wave:hums --out no --images 8
works 'a judge of sounds of their usual size' "$steer" train classifier --data hums --set train.loader.batch=8 --out hum_judge --images 8

# Blocks: the same sounds cut small, each with a code, and joined again.
blocks=("$steer" train ddn --data blocks:hums --set data.size=20 --set ddn.points.width=40 --set ddn.points.layers=3
  --set 'ddn.points.candidates=[8]' --set train.loader.batch=32 --threads 1)
works 'train on blocks' "${blocks[@]}" --out block --images 6400
works 'encode a sound of 100 blocks' "$steer" encode block hums/low/3.wav -o block.ddn --json
claims 'a code for each' grep -q '"blocks":100' out.txt
works 'decode it' "$steer" decode block block.ddn -o block.wav
claims 'as long as it was' [ "$(stat -c %s block.wav)" -eq $((44 + 2 * 2000)) ]
works 'blocks beside those of data' "$steer" evaluate block --data hums -n 20 --json
works 'sample blocks' "$steer" sample block -n 16 -o blocks.png
refuses 1 'expected images' "$steer" train classifier --data blocks:hums --out no --images 8

# The page's server.
works 'what the server is to draw' "$steer" sample run -n 3 --seed 5 --precision float32 --threads 1 -o served.png
works 'the server' python3 "$tools/../tests/serve.py" "$steer" run served.png
refuses 1 'expected NAME=FILE' "$steer" serve --guide x
refuses 1 'expected a run folder or checkpoint file' "$steer" serve nowhere
refuses 1 '--no-token: expected an address of this machine' "$steer" serve --no-token --host 0.0.0.0 --port 0
refuses 1 'expected an address such as' "$steer" serve --host nowhere --port 0

# kill -9 at any moment leaves the last checkpoint whole.
"${train[@]}" --out killed --images 1000000 --set train.checkpoint_minutes=0.0005 >out.txt 2>err.txt &
job=$!
for _ in $(seq 200); do [ -s killed/model.safetensors ] && break; sleep 0.05; done
for pause in 0.31 0.17 0.23; do
  sleep $pause
  kill -9 $job 2>/dev/null
  wait $job 2>/dev/null
  works 'sample after kill -9' "$steer" sample killed -n 1 -o killed.png
  "${train[@]}" --out killed --images 1000000 --set train.checkpoint_minutes=0.0005 --resume >out.txt 2>err.txt &
  job=$!
  sleep 1
done
kill -9 $job
wait $job 2>/dev/null

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
