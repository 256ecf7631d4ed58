#!/bin/sh
# The main job on the sample library: add it, ask three questions, one of which it cannot answer.
# Run by `make demo`; the library goes to the folder given ($1), so that a second run is quick.
set -eu
here=$(dirname "$0")
export COMMONPLACE_LIBRARY=$1

ask() {
    printf '\n$ commonplace ask "%s"\n' "$1"
    commonplace ask "$1" || case $? in 1 | 3) ;; *) exit 1 ;; esac  # refused, unsure: outcomes too
}

printf '$ commonplace add examples/library\n'
commonplace add "$here/library"
ask "Why does LoRA use two matrices?"
ask "Why does latent diffusion work in latent space?"
ask "Which tokenizer does Whisper use?"

cat <<END

Next:
  . .venv/bin/activate
  commonplace add ~/notes                   # your own files and folders
  commonplace ask "what do they say?"       # every sentence with its source
  commonplace show 1                        # the first source in its place
  pip install -c constraints.txt -e '.[serve]' && commonplace serve --watch ~/notes   # the page
  commonplace --help
END
