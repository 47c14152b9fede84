#!/usr/bin/env bash
# Makes all files beside this script (two minutes on one core): trains small models, then keeps what every
# command of cases.sh gives. It replaces what is kept: from then on later programs are compared with this one.
# Usage: make.sh STEER
set -euo pipefail
steer=$(realpath "$1")
kept=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
cp "$kept"/{cases.sh,same.py,tasks.json} "$work"
cd "$work"
mkdir samples

# trains NAME FAMILY OPTION=VALUE...: the checkpoint NAME.safetensors.
trains() {
  local name=$1 family=$2 option flags=(); shift 2
  for option in data.size=8 data.channels=3 train.stored=float16 train.rate=0.003 train.ramp_images=500 train.ema_half_life_images=1500 \
    train.grid_minutes=0 train.loader.batch=32 "$@"; do flags+=(--set "$option"); done
  "$steer" train "$family" --data shapes --out "runs/$name" --threads 1 --precision float32 "${flags[@]}"
  cp "runs/$name/model.safetensors" "$name.safetensors"
}
pyramid=(train.images=40000 'ddn.pyramid.widths=[12,12,12,12]' 'ddn.pyramid.layers=[1,1,2,2]' 'ddn.pyramid.candidates=[8,8,16,16]'
  ddn.pyramid.image_channels=3 ddn.split.half_life_images=4000 ddn.split.most=4)
unet=(train.images=60000 'diffusion.unet.block_out_channels=[8,8]' diffusion.unet.layers_per_block=1 diffusion.unet.norm_num_groups=4
  'diffusion.unet.down_block_types=["DownBlock2D","AttnDownBlock2D"]' 'diffusion.unet.up_block_types=["AttnUpBlock2D","UpBlock2D"]')
trains pyramid ddn "${pyramid[@]}"
trains classes ddn "${pyramid[@]}" 'ddn.pyramid.widths=[8,8,8,8]' ddn.condition.type=class ddn.condition.classes=5 ddn.condition.encoding=one_hot
trains colour ddn "${pyramid[@]}" 'ddn.pyramid.widths=[8,8,8,8]' ddn.condition.type=colour ddn.balance=bias
trains recurrent ddn train.images=12000 data.size=16 data.channels=1 ddn.network=recurrent ddn.recurrent.size=16 ddn.recurrent.base=4 \
  ddn.recurrent.candidates=16 ddn.recurrent.repeats=6 ddn.split.half_life_images=4000 ddn.split.most=4
trains edm diffusion "${unet[@]}"
trains ddpm diffusion "${unet[@]}" diffusion.process.type=ddpm diffusion.classes=5 diffusion.label_dropout=0.2
trains flow diffusion "${unet[@]}" diffusion.process.type=flow diffusion.unet.resnet_time_scale_shift=scale_shift
# A whole run, with all that is needed to go on.
trains judge classifier train.images=40000 train.rate=0.005 train.log_every_steps=100 train.stored=float32 classifier.network.size=8 \
  'classifier.network.widths=[4,8]' classifier.augment.shrink_4=0 classifier.augment.shrink_8=0 classifier.augment.noise=0.1 classifier.augment.shift=1
mkdir judge
cp runs/judge/{model.safetensors,resume.safetensors,options.json,log.jsonl} judge
rm judge.safetensors

# What the commands read beside checkpoints.
"$steer" prior pyramid.safetensors --data shapes -n 1000 --test-count 100 --steps 200 --width 8 --threads 1 --precision float32
"$steer" search-similar pyramid.safetensors --data shapes --images 40 --index shapes.idx --threads 1 --precision float32
"$steer" encode pyramid.safetensors --data shapes --split train -n 3 -o shapes.ddn --threads 1 --precision float32
"$steer" decode pyramid.safetensors shapes.ddn --index 2 -o photo.png --threads 1 --precision float32
rm shapes.ddn photo.json

keeps() { python3 same.py keep figures.json "$1" out.json; }
shows() {
  local name=$1; shift
  "$steer" "$@" -o "samples/$name.png" "${fixed[@]}" >out.json
  rm -f "samples/$name.json"
  keeps "$name"
}
writes() { local file=$1; shift; "$steer" "$@" -o "$file" "${fixed[@]}" >out.json; keeps "$file"; }
says() { local name=$1; shift; "$steer" "$@" "${fixed[@]}" >out.json; keeps "$name"; }
searches() { writes "$@"; }
compares() { local folder=$1; shift; "$steer" "$@" -o "$folder" "${fixed[@]}" >out.json; rm "$folder"/*.{html,png}; }
goes_on() {
  local run=$1; shift
  cp -r "$run" further
  "$steer" "$@" --out further --threads 1 --json >out.json
  keeps "$run goes on"
  rm -r further
}
. ./cases.sh
rm -rf runs out.json __pycache__
"$steer" --version | head -2 >version.txt
rm -rf "$kept"/{samples,report,judge}
cp -r . "$kept"
du -bs "$kept"
