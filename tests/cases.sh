#!/usr/bin/env bash
# Small inputs that were once handled badly, each with its right answer (docs/reliability.md): those of
# ../shared/cases, where that folder is, and others of the same kinds that are made here.
# Usage: cases.sh STEER [CASES]
set -uo pipefail
steer=$(realpath "$1")
cases=${2:-$(dirname "$0")/../../shared/cases}
[ -d "$cases" ] || { echo "no $cases: its cases are not tried"; exit 0; }
cases=$(realpath "$cases")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
passed=0 failed=0

good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; tail -n 5 err.txt | cut -c1-300 | sed 's/^/    /'; }
works() { local name=$1; shift; if "$@" >out.txt 2>err.txt; then good; else bad "$name: exit $?"; fi; }
# says NAME TEXT: what the last command told, on either stream.
says() { if cat out.txt err.txt | grep -qF -- "$2"; then good; else bad "$1: expected \"$2\""; fi; }
# refuses TEXT COMMAND...: exit 1 or 2 within ten seconds, one line of error that holds the text.
refuses() {
  local text=$1 code; shift
  timeout 10 "$@" >out.txt 2>err.txt; code=$?
  if [ $code -ne 1 ] && [ $code -ne 2 ]; then bad "$*: expected exit 1 or 2 but got $code"; return; fi
  if ! tail -n 1 err.txt | grep -qF -- "$text"; then bad "$*: expected \"$text\""; return; fi
  if grep -qE 'json.exception|c10::|terminate|std::' err.txt; then bad "$*: raw exception"; else good; fi
}
claims() { local name=$1; shift; : >err.txt; if "$@"; then good; else bad "$name"; fi; }

# counts NAME DATA TEXT [MORE...]: what a dry run says of a data set.
counts() {
  local name=$1 data=$2 text=$3; shift 3
  works "$name" "$steer" train ddn --config "$cases/ddn.json" --data "$data" --out dry --images 8 --dry-run "$@"
  says "$name" "$text"
}
classes() {  # classes NAME DATA COUNT: whether that many classes are found
  works "$1" "$steer" train diffusion --config "$cases/edm.json" --data "$2" --out dry --images 8 --dry-run \
    --set diffusion.classes="$3"
}

tar xzf "$cases/base.tgz"
[ -d base ] || { mkdir base && for each in ant bee cat; do mv "$each" base/; done; }
total=$(find base -name '*.png' | wc -l)

# 1. What a folder or archive holds.
mkdir linked && for each in ant bee cat; do ln -s "../base/$each" linked/$each; done
counts 'linked folders' linked ": $total samples"
mkdir -p files/ant files/bee files/cat
for file in base/*/*.png; do ln -s "$work/$file" "files/$(basename "$(dirname "$file")")/"; done
counts 'linked files' files ": $total samples"
cp -r base inside && ln -s ../ant inside/bee/link
counts 'a link inside the set' inside ": $((total + $(ls base/ant | wc -l))) samples"
counts 'hard links of a tar' "$cases/hard.tar" ': 12 samples'
works 'names beyond ASCII' "$steer" train ddn --config "$cases/ddn.json" --data "$cases/utf8.zip" --out dry --images 8 --dry-run
classes 'a folder around the classes' "$cases/wrap.zip" 3
mkdir splits && cp -r base splits/train && cp -r base splits/val
classes 'train and val' splits 3
mkdir -p stray/docs && cp -r base stray/train && cp -r base stray/test && cp base/ant/0.png stray/docs/
counts 'a stray picture' stray 'skipped: 1'

# 2. What a picture means.
works 'a run' "$steer" train ddn --config "$cases/ddn.json" --data base --out ddn --images 64
works 'a diffusion' "$steer" train diffusion --config "$cases/edm.json" --data base --out edm --images 64
works 'a turned photo' "$steer" guide edm --objective "denoise($cases/exif6.jpg)" --fit resize -n 1 --steps 2 -o exif.png
works 'ink on nothing' "$steer" guide edm --objective "denoise($cases/ink.png)" --fit resize -n 1 --steps 2 -o ink.png

# 3. Classes have names.
works 'a classifier' "$steer" train classifier --data base --out judge --images 64 --set data.size=16 --set data.channels=3 \
  --set classifier.network.size=16 --set 'classifier.network.widths=[8,8]' --set train.loader.batch=8
works 'its classes' "$steer" inspect judge; says 'its classes' 'bee'
mkdir fewer && cp -r base/bee base/cat fewer/
works 'a class that the data lack' "$steer" evaluate judge --data fewer --split train; says 'a missing class' 'no samples of ant'
mkdir other && cp -r base/ant other/ && cp -r base/bee other/dog
refuses 'but got "dog" out of ant, dog' "$steer" evaluate judge --data other --split train
works 'a class by name' "$steer" guide edm --objective 'label(cat, classifier=judge)' -n 1 --steps 2 -o cat.png
refuses 'ant, bee, cat' "$steer" guide edm --objective 'label(dog, classifier=judge)' -n 1 --steps 2 -o dog.png
works 'a conditional run' "$steer" train diffusion --config "$cases/edm.json" --data base --out told --images 64 \
  --set diffusion.classes=3 --set diffusion.label_dropout=0.2
refuses 'ant, bee, cat, 0 to 2, all or none' "$steer" sample told -n 1 --steps 2 -o told.png
works 'no class' "$steer" sample told --label none -n 2 --steps 2 -o none.png
works 'classes by name' "$steer" sample told --label cat,ant -n 2 --steps 2 -o told.png
works 'judged by name' "$steer" sample told --label cat -n 2 --steps 2 -o told.png --judge judge

# 4. What is asked is what is done.
cp base/ant/0.png x.png
works 'strength 0' "$steer" guide edm --objective 'inpaint(x.png, mask=left)' --strength 0 -n 2 --steps 2 --json -o zero.png
works 'unguided' "$steer" sample edm -n 2 --steps 2 -o free.png
echo '{"method":"dps","guidance":{"climb":{"recurrence":2}},"samplr":{}}' >preset.json
refuses 'samplr' "$steer" guide edm --objective 'inpaint(x.png, mask=left)' --preset preset.json -n 1 -o a.png
refuses 'config_diffusion_array.json' "$steer" train diffusion --data base --config "$cases/hostile/config_diffusion_array.json" --out dry --images 8 --dry-run
refuses 'beta1' "$steer" train ddn --config "$cases/ddn.json" --data base --out dry --images 8 --dry-run --set train.adam.beta1=2
refuses 'batch' "$steer" train ddn --config "$cases/ddn.json" --data base --out dry --images 8 --dry-run --set train.loader.batch=9223372036854775807

# 5. Files that are someone else's.
echo '{"mine": 1}' >keep.json
refuses 'keep.json' "$steer" sample edm -n 1 --steps 2 -o keep.png
claims 'keep.json stays' grep -q mine keep.json
refuses 'ends in' "$steer" sample edm -n 1 --steps 2 -o pic.json
refuses 'empty' "$steer" sample edm -n 1 --steps 2 -o ''
refuses 'folder' "$steer" sample edm -n 1 --steps 2 -o base
for ending in jpg webp gif; do
  works "a .$ending" "$steer" sample edm -n 1 --steps 2 -o "s.$ending"
  claims "the bytes of a .$ending" grep -q "$ending" <(file --mime-type "s.$ending" | sed 's/jpeg/jpg/')
done
refuses 'empty' "$steer" train ddn --config "$cases/ddn.json" --data base --out '' --images 8
refuses 'regular file' "$steer" guide edm --objective 'denoise(/dev/zero)' -n 1 --steps 2 -o a.png
mkfifo pipe
refuses 'named pipe' "$steer" guide edm --objective 'denoise(pipe)' -n 1 --steps 2 -o a.png
refuses 'standard output' bash -c "'$steer' list solvers >/dev/full"
refuses 'standard output' bash -c "'$steer' list solvers >&-"
printf 'x' >foreign.ddn
refuses "not steer's" "$steer" encode ddn --data base --split train -o foreign.ddn
latin1=$(printf 'caf\xe9.png') && cp base/ant/0.png "$latin1"
works 'a name that is no UTF-8' "$steer" guide edm --objective "denoise($latin1)" --fit resize -n 1 --steps 2 -o latin.png

# 6. One writer, many readers.
"$steer" train ddn --config "$cases/ddn.json" --data base --out both --images 100000 >first.txt 2>&1 &
first=$!
for _ in $(seq 200); do [ -s both/log.jsonl ] && break; sleep 0.05; done
refuses 'process' "$steer" train ddn --config "$cases/ddn.json" --data base --out both --images 64
kill -HUP $first; wait $first
claims 'a terminal that closes leaves a checkpoint' [ -s both/resume.safetensors ]

# 8. Hostile files.
refuses 'tasks_search_string.json' "$steer" compare --runs ddn --objectives "$cases/hostile/tasks_search_string.json" -o page
cp -r "$cases/hostile/run_averages" averages && chmod -R u+w averages
refuses 'averages' "$steer" train ddn --config "$cases/ddn.json" --data base --resume --out averages --images 64
(ulimit -v 8000000; refuses 'ddn_layers_1e6' "$steer" inspect "$cases/hostile/ddn_layers_1e6.safetensors"; [ $failed -eq 0 ]) || failed=$((failed + 1))
python3 "$cases/hostile/many_tensors.py" many.safetensors
refuses 'many.safetensors' "$steer" sample many.safetensors -o a.png
works 'very many tensors' timeout 10 "$steer" inspect many.safetensors
gunzip -c "$cases/hostile/zeros_16384.png.gz" >zeros.png
refuses 'pixels' "$steer" reconstruct ddn zeros.png --fit resize -o a.png

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
