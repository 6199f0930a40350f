# Where the time of proofs goes, by circuit, from a profile with call graphs of the bench `full_shards`:
#
#   perf record -F 99 --call-graph dwarf,4096 -e cpu-clock:u BENCH
#   perf script --no-inline -F comm,ip,sym | awk -f benches/shares.awk
#
# Threads are named after the circuits whose shards they prove. A sample counts for the group of its innermost function
# that belongs to one; what belongs to none, such as threads that look for work, is `other`.

function group(call) {
    # The window loop of the multi-exponentiation is a closure that has no better name.
    if (call ~ /msm|bn256::curve::|commit_lagrange|FnMut<A> for &F>::call_mut/) return "commitments"
    if (call ~ /fft|EvaluationDomain/) return "transforms"
    if (call ~ /plonk::evaluation/) return "gates"
    if (call ~ /multiopen|eval_polynomial|kate_division/) return "opening"
    if (call ~ /^<?(dyn )?verbatim_(gadgets|circuits|benches)/) return "filling"
    return ""
}

function count() {
    if (circuit != "") { samples[circuit, kind == "" ? "other" : kind]++; total[circuit]++ }
    circuit = ""; kind = ""
}

/^[^ \t]/ { count(); circuit = $1 }
/^[ \t]/ && kind == "" { sub(/^[ \t]+[0-9a-f]+ /, ""); kind = group($0) }

END {
    count()
    groups = split("commitments transforms gates opening filling other", names, " ")
    print "| circuit | samples | commitments | transforms | gates | opening | filling | other |"
    for (circuit in total) {
        line = "| " circuit " | " total[circuit]
        for (i = 1; i <= groups; i++) line = line sprintf(" | %.0f", 100 * samples[circuit, names[i]] / total[circuit])
        print line " |"
    }
}
