"""The grouping of a chunk's records over whole numbers, compiled, on all cores."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from casemix_risk.group.arrays import EXCEPTION, IGNORED, METHODS, NOT_PRIMARY
from casemix_risk.group.columns import ERRORS

BLOCK = 4096
GREATEST_SPLIT = 9999
UNGROUPED = METHODS.index("U")
(
    NO_PRIMARY,
    INVALID_PRIMARY,
    PRIMARY_NOT_ALLOWED,
    BAD_AGE,
    BAD_SEX,
    BAD_DAYS,
    CARE_DAYS,
    BAD_DOMINANT,
    NO_RULE,
) = range(ERRORS.index("no_rule") + 1)
FINE = -1


class Codes(NamedTuple):
    """A column's codes: `ids` of record n from `offsets[n]` to `offsets[n + 1]`, and what each id is.

    Attributes:
        ids: places of codes in the arrays below.
        offsets: one more than records.
        row: of the code's table; the last, which says nothing, for a code in no table.
        missing: the id that means no code, or -1.
    """

    ids: np.ndarray
    offsets: np.ndarray
    row: np.ndarray
    missing: int


class Scored(NamedTuple):
    """Complications by code id: `scores` lists x ids, 0 where none; places in `excluded` for each id."""

    scores: np.ndarray
    secondary: np.ndarray
    primary: np.ndarray
    excluded: np.ndarray


class Facts(NamedTuple):
    """A chunk's other columns: age and sex are -1 where not valid, `days` the adjusted ones.

    `days_error` is FINE, BAD_DAYS or CARE_DAYS; `admission` 1 or 2, 0 where unknown; `patient_class` the bit
    of the digit.
    """

    age: np.ndarray
    sex: np.ndarray
    days: np.ndarray
    days_error: np.ndarray
    admission: np.ndarray
    patient_class: np.ndarray


@njit(cache=True, parallel=True)
def group(diagnoses, procedures, facts, scored, of_diagnosis, of_procedure, rules, offered, nodes, error_hrg):
    """Group every record.

    Returns:
        Places of the HRG, method, rule and error (-1 is none), the dominant procedure's id, the cc score.
    """
    records = len(facts.age)
    hrg, method = np.empty(records, np.int32), np.empty(records, np.int32)
    rule, error = np.empty(records, np.int32), np.empty(records, np.int32)
    dominant, score = np.empty(records, np.int32), np.zeros(records, np.int32)
    procedure_words, diagnosis_words = of_procedure.bits.shape[1], of_diagnosis.bits.shape[1]
    for block in prange((records + BLOCK - 1) // BLOCK):
        held = np.empty(3 * procedure_words + 2 * diagnosis_words, np.uint64)
        for record in range(block * BLOCK, min((block + 1) * BLOCK, records)):
            hrg[record], method[record], rule[record] = -1, UNGROUPED, -1
            dominant[record] = -1
            error[record] = _check(record, diagnoses, procedures, facts, of_diagnosis, of_procedure)
            if error[record] == FINE:
                held[:] = 0
                dominant[record] = _hold_procedures(record, held, procedures, of_procedure)
                regions = _hold_diagnoses(record, held, diagnoses, of_diagnosis, 3 * procedure_words)
                primary_row = diagnoses.row[diagnoses.ids[diagnoses.offsets[record]]]
                row = procedures.row[dominant[record]] if dominant[record] >= 0 else -1
                found = _match(record, held, regions, row, primary_row, facts, rules, offered)
                if found >= 0:
                    first, last = diagnoses.offsets[record], diagnoses.offsets[record + 1]
                    primary = diagnoses.ids[first]
                    total = count_score(
                        diagnoses.ids[first + 1 : last], primary, rules.cc_list[found], scored
                    )
                    age, days, sex = facts.age[record], facts.days[record], facts.sex[record]
                    hrg[record] = walk(rules.root[found], age, total, days, sex, nodes)
                if hrg[record] >= 0:
                    method[record], rule[record], score[record] = rules.method[found], found, total
                else:
                    error[record] = NO_RULE
            if error[record] != FINE:
                hrg[record] = error_hrg[error[record]]
    return hrg, method, rule, error, dominant, score


@njit(cache=True, inline="always")
def _check(record, diagnoses, procedures, facts, of_diagnosis, of_procedure):
    first = diagnoses.offsets[record]
    if first == diagnoses.offsets[record + 1] or diagnoses.ids[first] == diagnoses.missing:
        return NO_PRIMARY
    row = diagnoses.row[diagnoses.ids[first]]
    if row == len(of_diagnosis.flags) - 1:
        return INVALID_PRIMARY
    if of_diagnosis.flags[row] & NOT_PRIMARY:
        return PRIMARY_NOT_ALLOWED
    if facts.age[record] < 0:
        return BAD_AGE
    if facts.sex[record] < 0:
        return BAD_SEX
    if facts.days_error[record] != FINE:
        return facts.days_error[record]
    first = procedures.offsets[record]
    if first < procedures.offsets[record + 1]:
        code = procedures.ids[first]
        if code != procedures.missing and procedures.row[code] == len(of_procedure.flags) - 1:
            return BAD_DOMINANT
    return FINE


@njit(cache=True, inline="always")
def _hold_procedures(record, held, procedures, of_procedure):
    """Note the features of the procedures; the dominant one's id, -1 where none is."""
    words = of_procedure.bits.shape[1]
    dominant, highest, dominant_row = -1, 0, -1
    for place in range(procedures.offsets[record], procedures.offsets[record + 1]):
        code = procedures.ids[place]
        row = procedures.row[code]
        flags = of_procedure.flags[row]
        if flags & IGNORED:
            continue
        for word in range(words):
            bits = of_procedure.bits[row, word]
            held[2 * words + word] |= bits
            if flags & EXCEPTION:
                held[words + word] |= bits
        if of_procedure.hierarchy[row] > highest:
            dominant, highest, dominant_row = code, of_procedure.hierarchy[row], row
    if dominant >= 0:
        held[:words] = of_procedure.bits[dominant_row]
    return dominant


@njit(cache=True, inline="always")
def _hold_diagnoses(record, held, diagnoses, of_diagnosis, start):
    """Note the features of the diagnoses; the number of injured body regions."""
    words = of_diagnosis.bits.shape[1]
    first, regions = diagnoses.offsets[record], 0
    for place in range(first, diagnoses.offsets[record + 1]):
        row = diagnoses.row[diagnoses.ids[place]]
        if of_diagnosis.flags[row] & IGNORED:
            continue
        regions |= of_diagnosis.regions[row]
        for word in range(words):
            bits = of_diagnosis.bits[row, word]
            held[start + words + word] |= bits
            if place == first:
                held[start + word] = bits
    count = 0
    while regions:
        regions &= regions - 1
        count += 1
    return count


@njit(cache=True, inline="always")
def _match(record, held, regions, procedure_row, diagnosis_row, facts, rules, offered):
    """The first rule that fits, or -1."""
    for rule in range(offered.always):
        if _fits(rule, record, held, regions, facts, rules):
            return rule
    if procedure_row >= 0:
        rows = offered.procedure_rows
        for place in range(rows[procedure_row], rows[procedure_row + 1]):
            if _fits(offered.by_procedure[place], record, held, regions, facts, rules):
                return offered.by_procedure[place]
    rows = offered.diagnosis_rows
    for place in range(rows[diagnosis_row], rows[diagnosis_row + 1]):
        if _fits(offered.by_diagnosis[place], record, held, regions, facts, rules):
            return offered.by_diagnosis[place]
    return -1


@njit(cache=True, inline="always")
def _fits(rule, record, held, regions, facts, rules):
    return (
        _clauses_hold(rule, held, rules)
        and regions >= rules.regions[rule]
        and rules.low_age[rule] <= facts.age[record] <= rules.high_age[rule]
        and rules.low_days[rule] <= facts.days[record] <= rules.high_days[rule]
        and (rules.sex[rule] == 0 or rules.sex[rule] == facts.sex[record])
        and (rules.admission[rule] == 0 or rules.admission[rule] == facts.admission[record])
        and rules.patient_class[rule] & facts.patient_class[record] != 0
    )


@njit(cache=True, inline="always")
def _clauses_hold(rule, held, rules):
    for clause in range(rules.clauses[rule], rules.clauses[rule + 1]):
        hit = False
        for term in range(rules.terms[clause], rules.terms[clause + 1]):
            hit = hit or (held[rules.word[term]] & rules.mask[term]) != 0
        if hit == rules.negated[clause]:
            return False
    return True


@njit(cache=True)
def count_score(secondary, primary, cc_list, scored):
    """The cc score of secondary diagnoses beside a primary one; a code counts once."""
    total = 0
    for place in range(len(secondary)):
        code = secondary[place]
        score = scored.scores[cc_list, code]
        if score == 0 or code == primary:
            continue
        if scored.excluded[cc_list, scored.secondary[code], scored.primary[primary]]:
            continue
        repeated = False
        for before in range(place):
            repeated = repeated or secondary[before] == code
        if not repeated:
            total += score
    return total


@njit(cache=True)
def walk(root, age, score, days, sex, nodes):
    """The place of the HRG below a root; -1 where the splits have a gap or a circle."""
    place = root
    for _ in range(len(nodes.dimension) + 1):
        if place < 0:
            return -place - 1
        value = (age, score, days, sex)[nodes.dimension[place]]
        following = place
        for row in range(nodes.rows[place], nodes.rows[place + 1]):
            if nodes.low[row] <= min(value, GREATEST_SPLIT) <= nodes.high[row]:
                following = nodes.goes_to[row]
                break
        if following == place:
            return -1
        place = following
    return -place - 1 if place < 0 else -1
