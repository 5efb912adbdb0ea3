# Sourced by a script: prints the script's head and ends, if that is asked for.
case " $* " in
  *" --help "* | *" -h "*)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[1]}"
    exit
    ;;
esac
