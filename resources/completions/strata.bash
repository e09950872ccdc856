# Completion of strata for bash.
_strata() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options='' values=''
  COMPREPLY=()
  # To bash, --output=json is three words.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = && COMP_CWORD -gt 2 ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if [[ COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W 'create info convert dd compact check resize amend snapshot commit rebase chain repair-path map measure compare bench bitmap completion serve -h --help -V --version -T --trace' -- "$cur"))
    return
  fi
  case ${COMP_WORDS[1]} in
    create)
      options='-f -o -b -F -u -q --quiet --object -h --help'
      case $prev in
        -f | -F) values='raw qcow2' ;;
        -o | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        -b) return ;;
      esac
      ;;
    info)
      options='-f --output --backing-chain -U --force-share --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        --output) values='human json' ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    convert)
      options='-f -O -c --level -p -q --quiet -o -B -F -S -C -r -t -T -m -W -U --force-share -l --bitmaps --skip-broken-bitmaps --salvage -n --target-is-zero --target-image-opts --verify --replace-source --force --object --image-opts -h --help'
      case $prev in
        -f | -O | -F) values='raw qcow2' ;;
        --level | -o | -S | -r | -m | -l | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        -B) return ;;
        -t | -T) values='none off writeback writethrough directsync unsafe' ;;
      esac
      ;;
    dd)
      options='-f -O -U --force-share --force --object --image-opts -h --help'
      case $prev in
        -f | -O) values='raw qcow2' ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    compact)
      options='--dry-run --rewrite -c -f --output -p -q --quiet --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        --output) values='human json' ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    check)
      options='-f --output -q --quiet -r --repair --dry-run -T -U --force-share --force --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        --output) values='human json' ;;
        -r | --repair) values='leaks all' ;;
        -T) values='none off writeback writethrough directsync unsafe' ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    resize)
      options='-f -q --quiet --preallocation --shrink --force --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        --preallocation) values='off metadata falloc full' ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    amend)
      options='-f -o -p -q --quiet -t --force --shrink --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        -o | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        -t) values='none off writeback writethrough directsync unsafe' ;;
      esac
      ;;
    snapshot)
      options='-l -c -a -d --rename --to --format -q --quiet -U --force-share --force --object --image-opts -h --help'
      case $prev in
        -c | -a | -d | --rename | --to | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        --format) values='raw qcow2' ;;
      esac
      ;;
    commit)
      options='-f -b -d -p -q --quiet -r -t --force --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        -b) return ;;
        -r | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        -t) values='none off writeback writethrough directsync unsafe' ;;
      esac
      ;;
    rebase)
      options='-f -b -F -u -c -p -q --quiet -t -T -U --force-share --force --object --image-opts -h --help'
      case $prev in
        -f | -F) values='raw qcow2' ;;
        -b) return ;;
        -t | -T) values='none off writeback writethrough directsync unsafe' ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    chain)
      options='-f --output --search -U --force-share --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        --output) values='human json' ;;
        --search) return ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    repair-path)
      options='-f -F --search --dry-run -q --quiet --object --image-opts -h --help'
      case $prev in
        -f | -F) values='raw qcow2' ;;
        --search) return ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    map)
      options='-f --output -s --start-offset -l --max-length -U --force-share --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        --output) values='human json' ;;
        -s | --start-offset | -l | --max-length | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    measure)
      options='-f -O -o -c --size -l --output -U --force-share --object --image-opts -h --help'
      case $prev in
        -f | -O) values='raw qcow2' ;;
        -o | --size | -l | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        --output) values='human json' ;;
      esac
      ;;
    compare)
      options='-f -F -s -p -q --quiet -T -U --force-share --object --image-opts -h --help'
      case $prev in
        -f | -F) values='raw qcow2' ;;
        -T) values='none off writeback writethrough directsync unsafe' ;;
        --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    bench)
      options='-f -c -d -s -S -o -w --pattern --flush-interval --no-drain -i -n -t -q --quiet -U --force-share --force --object --image-opts -h --help'
      case $prev in
        -f) values='raw qcow2' ;;
        -c | -d | -s | -S | -o | --pattern | --flush-interval | -i | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        -t) values='none off writeback writethrough directsync unsafe' ;;
      esac
      ;;
    bitmap)
      options='--add --remove --clear --enable --disable --merge -g --granularity -b --source-file -F --source-format -f --object --image-opts -h --help'
      case $prev in
        --merge | -g | --granularity | --object) compopt +o default +o bashdefault 2> /dev/null; return ;;
        -b | --source-file) return ;;
        -F | --source-format | -f) values='raw qcow2' ;;
      esac
      ;;
    completion)
      options='-h --help'
      case $prev in
        *) [[ $cur == -* ]] || values='bash zsh fish' ;;
      esac
      ;;
    serve)
      options='--root --port --open -h --help'
      case $prev in
        --root) return ;;
        --port) compopt +o default +o bashdefault 2> /dev/null; return ;;
      esac
      ;;
    *) return ;;
  esac
  if [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$cur"))
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  fi
}
complete -o bashdefault -o default -F _strata strata
