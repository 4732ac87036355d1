"""Scores what was heard against what was said: PESQ in narrow band (ITU-T P.862, mapped by P.862.1) by pieces of 3 s, and the delay.

Reads one JSON object a line: `said` and `heard` (WAV, mono), `ahead` (how many seconds the recording
begins before the first packet was sent). Answers each with one: `pesq` (mean of the pieces that are speech) and `delay` (median, ms). PESQ means nothing across a change of the delay: each
piece is laid beside its own by correlation first.
"""
import json
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor

warnings.filterwarnings("ignore")

import numpy
from pesq import NoUtterancesError, pesq
from scipy.io import wavfile
from scipy.signal import correlate, resample_poly

RATE = 8000
PIECE = 3.0
# How far a piece may be from where it is expected, in seconds: no buffer here waits longer.
REACH = 0.5
# Root of the mean square, of full scale, below which a piece is a pause.
SPEECH = 0.01


def read(path, rate):
    own, samples = wavfile.read(path)
    samples = samples.astype(numpy.float32) / 32768
    return samples if own == rate else resample_poly(samples, rate, own).astype(numpy.float32)


def score(wish):
    said, heard = read(wish["said"], RATE), read(wish["heard"], RATE)
    ahead, reach, size = int(wish["ahead"] * RATE), int(REACH * RATE), int(PIECE * RATE)
    heard = numpy.concatenate([numpy.zeros(reach, numpy.float32), heard, numpy.zeros(size + reach, numpy.float32)])
    scores, delays = [], []
    for at in range(0, len(said) - size + 1, size):
        piece = said[at : at + size]
        if numpy.sqrt(numpy.mean(piece**2)) < SPEECH:
            continue
        around = heard[at + ahead : at + ahead + size + 2 * reach]
        if not numpy.any(around):
            scores.append(1.0)
            continue
        lag = int(numpy.argmax(correlate(around, piece, mode="valid", method="fft")))
        try:
            scores.append(float(pesq(RATE, piece, around[lag : lag + size], "nb")))
            delays.append((lag - reach) / RATE * 1000)
        except NoUtterancesError:
            scores.append(1.0)
    return {
        "pesq": float(numpy.mean(scores)) if scores else 1.0,
        "delay": float(numpy.median(delays)) if delays else 0.0,
    }


if __name__ == "__main__":
    wishes = [json.loads(line) for line in sys.stdin if line.strip()]
    with ProcessPoolExecutor(max_workers=2) as pool:
        for answer in pool.map(score, wishes):
            print(json.dumps(answer), flush=True)
