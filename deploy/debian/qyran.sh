#!/bin/sh
# `qyran` on this machine: with the settings of the installation, for whoever may read them.
if [ -r /etc/qyran/qyran.env ]; then
    while IFS= read -r line; do
        case "$line" in
        QYRAN_*=*)
            name=${line%%=*}
            eval "known=\${$name+set}"
            [ -n "$known" ] || export "$name=${line#*=}"
            ;;
        esac
    done </etc/qyran/qyran.env
fi
: "${QYRAN_HOME:=/var/lib/qyran}"
export QYRAN_HOME
exec /opt/qyran/bin/qyran "$@"
