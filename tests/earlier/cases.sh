# The commands that are kept with what they gave: make.sh records them, ../earlier.sh compares. Each is typed
# in this folder after the word `steer`, with -o for what it writes and the flags of `fixed` behind:
#   shows NAME COMMAND...      the picture samples/NAME.png
#   writes FILE COMMAND...     the file of codes FILE
#   says NAME COMMAND...       nothing but figures
#   searches FILE COMMAND...   the preset FILE and its journal FILE.trials.jsonl
#   compares FOLDER COMMAND... the report in FOLDER and its journal FOLDER/results.jsonl
#   goes_on RUN COMMAND...     a training that takes a copy of RUN further
# The figures that each prints stand in figures.json.
fixed=(--seed 5 --threads 1 --precision float32 --json)

# Files of codes, by every coder, from what the checkpoints make of images.
writes packed.ddn encode pyramid.safetensors --data shapes -n 6 --coder packed
writes adaptive.ddn encode pyramid.safetensors --data shapes -n 6 --coder adaptive
writes prior.ddn encode pyramid.safetensors --data shapes -n 6 --coder prior
writes recurrent.ddn encode recurrent.safetensors --data shapes -n 4
writes classes.ddn encode classes.safetensors --data shapes -n 4
writes photo.ddn encode pyramid.safetensors photo.png
shows decoded_packed decode pyramid.safetensors packed.ddn
shows decoded_adaptive decode pyramid.safetensors adaptive.ddn
shows decoded_prior decode pyramid.safetensors prior.ddn
shows decoded_one decode pyramid.safetensors adaptive.ddn --index 3
shows decoded_recurrent decode recurrent.safetensors recurrent.ddn
shows decoded_classes decode classes.safetensors classes.ddn --data shapes
shows similar search-similar pyramid.safetensors photo.png --index shapes.idx -n 4
shows similar_prefix search-similar pyramid.safetensors photo.png --index shapes.idx -n 4 --by prefix
shows reconstructed_pyramid reconstruct pyramid.safetensors --data shapes -n 5
shows reconstructed_beam reconstruct pyramid.safetensors --data shapes -n 5 --beam 4
shows reconstructed_recurrent reconstruct recurrent.safetensors --data shapes -n 4
shows reconstructed_colour reconstruct colour.safetensors --data shapes -n 4

# Samples of DDNs, drawn and steered.
shows pyramid sample pyramid.safetensors -n 6
shows pyramid_prior sample pyramid.safetensors -n 6 --prior
shows pyramid_prior_cold sample pyramid.safetensors -n 6 --prior pyramid_prior.safetensors --temperature 0.5
shows recurrent sample recurrent.safetensors -n 4
shows classes sample classes.safetensors -n 5 --label all --judge judge
shows colour sample colour.safetensors -n 4 --condition photo.png
shows pyramid_top guide pyramid.safetensors -n 4 --objective 'inpaint(photo.png, mask=left)' --top 3
shows pyramid_greedy guide pyramid.safetensors -n 5 --objective 'label(classifier=judge)' --top 1
shows pyramid_beam guide pyramid.safetensors -n 4 --objective 'super_resolve(photo.png, factor=2)' --beam 4
shows pyramid_particles guide pyramid.safetensors -n 4 --objective 'colourise(photo.png)' --particles 8 --temperature 20
shows pyramid_levels guide pyramid.safetensors -n 4 --objective 'denoise(photo.png)' --levels 2:4
shows pyramid_shortlist guide pyramid.safetensors -n 4 --objective 'edges(photo.png, noise=1, sizes=1)' --shortlist 4
shows pyramid_sum guide pyramid.safetensors -n 3 --objective '0.5*inpaint(photo.png, mask=top) + label(2, classifier=judge)'
shows pyramid_rank guide pyramid.safetensors -n 3 --objective 'rank(0.7*label(2, classifier=judge) + 0.3*edges(photo.png, noise=1, sizes=1))'
shows recurrent_top guide recurrent.safetensors -n 3 --objective 'inpaint(photo.png, mask=right, fit=resize)'
shows recurrent_beam guide recurrent.safetensors -n 3 --objective 'gaussian_deblur(photo.png, fit=resize)' --beam 3
shows classes_top guide classes.safetensors -n 4 --objective 'inpaint(photo.png, mask=bottom)' --label 1,3
shows colour_top guide colour.safetensors -n 4 --objective 'inpaint(photo.png, mask=left)' --condition photo.png

# Samples of diffusions, drawn and steered. Gradients were followed without a brake then, and some presets had
# other constants.
shows edm_heun sample edm.safetensors -n 4
shows edm_churn sample edm.safetensors -n 4 --steps 8 --sampler solver.churn=4
shows edm_ddim sample edm.safetensors -n 4 --solver ddim --eta 0.5 --steps 8
shows edm_dpmpp sample edm.safetensors -n 4 --solver dpmpp_2m_sde --levels exponential --steps 8
shows edm_as_flow sample edm.safetensors -n 4 --process flow --levels flow --solver euler --steps 8
shows ddpm_ancestral sample ddpm.safetensors -n 5 --label all --solver ddpm --levels ddpm_leading --sampler solver.clip_x0=true --steps 8
shows ddpm_scale sample ddpm.safetensors -n 4 --label 2 --scale 2 --solver ddim --sampler solver.clip_x0=true --steps 8
shows ddpm_no_class sample ddpm.safetensors -n 3 --label 2 --scale 0 --solver ddim --sampler solver.clip_x0=true --steps 8
shows flow_dopri5 sample flow.safetensors -n 3 --solver dopri5 --sampler solver.rtol=0.01 --sampler solver.atol=0.01
shows flow_heun sample flow.safetensors -n 4 --steps 6
shows edm_pigdm guide edm.safetensors -n 4 --objective 'inpaint(photo.png, mask=left)' --method pigdm --steps 8
shows edm_tfg guide edm.safetensors -n 5 --objective 'label(classifier=judge)' --method tfg --recurrence 2 --strength 0.5 --steps 8 \
  --guidance climb.safe=false
shows edm_dps guide edm.safetensors -n 4 --objective 'super_resolve(photo.png, factor=2)' --method dps --strength 2 --steps 8 \
  --guidance climb.safe=false --guidance climb.normalise=score
shows edm_lgd guide edm.safetensors -n 4 --objective 'super_resolve(photo.png, factor=2)' --method lgd --strength 0.01 --steps 8 \
  --guidance climb.safe=false --guidance climb.rho=0.01 --guidance climb.clip_x0=true
shows edm_mpgd guide edm.safetensors -n 4 --objective 'colourise(photo.png)' --method mpgd --strength 0.01 --steps 8 \
  --guidance climb.safe=false --guidance climb.keep_eps=false
shows edm_feynman_kac guide edm.safetensors -n 4 --objective 'canny(photo.png)' --particles 4 --temperature 0.1 --steps 6
shows edm_svdd guide edm.safetensors -n 4 --objective 'label(1, classifier=judge)' --method svdd --particles 3 --steps 6
shows edm_tree guide edm.safetensors -n 3 --objective 'label(1, classifier=judge)' --method tree --particles 4 --guidance population.paths=2 --steps 6
shows edm_climbing guide edm.safetensors -n 3 --objective 'label(3, classifier=judge)' --method tfg --particles 3 --steps 6 \
  --guidance climb.safe=false
shows ddpm_pigdm guide ddpm.safetensors -n 4 --objective 'super_resolve(photo.png, factor=2)' --label 1,3 --scale 1.5 --method pigdm --solver heun \
  --levels karras --sampler levels.sigma_max=20 --steps 6
shows flow_pigdm guide flow.safetensors -n 4 --objective 'inpaint(photo.png, mask=checker)' --method pigdm --steps 8
shows flow_guided_heun guide flow.safetensors -n 4 --objective 'inpaint(photo.png, mask=left)' --method pigdm --solver heun --steps 6
says edm_likelihood likelihood edm.safetensors photo.png --steps 8

# The classifier by itself.
says judge evaluate judge --data shapes -n 100

# A search that finds a preset, and a comparison; their journals hold what need not be made again.
searches preset.json search edm.safetensors --objective 'super_resolve(factor=2, noise=0.5)' --data shapes --method tfg -n 3 --steps 6 \
  --knob climb.rho=0.25:2:8 --knob climb.mu=0.25:2:8 --keep 1 --sweeps 2 --confirm 3 --guidance climb.safe=false
compares report compare --runs ddn=pyramid.safetensors,edm=edm.safetensors --objectives tasks.json
shows edm_preset guide edm.safetensors -n 4 --objective 'super_resolve(photo.png, factor=2, noise=0.5)' --preset preset.json

# The run folder of a training.
goes_on judge train classifier --resume --images 40640
