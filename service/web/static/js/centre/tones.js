// What an alarm sounds like: tones made by the browser, one plan for each severity, fire unlike all others.

/** `every`: seconds after which it sounds again; `notes`: after, length (s), pitch from and to (Hz), loudness 0 to 1. */
export const PLANS = {
  fire: { every: 2.4, notes: [[0, 0.55, 620, 1240, 0.5], [0.6, 0.55, 1240, 620, 0.5], [1.2, 0.55, 620, 1240, 0.5]] },
  high: { every: 2.6, notes: [[0, 0.16, 988, 988, 0.4], [0.24, 0.16, 988, 988, 0.4], [0.48, 0.24, 1319, 1319, 0.4]] },
  medium: { every: 6, notes: [[0, 0.22, 784, 784, 0.3], [0.3, 0.3, 659, 659, 0.3]] },
  low: { every: 15, notes: [[0, 0.35, 523, 523, 0.2]] },
  lost: { every: 9, notes: [[0, 0.4, 196, 196, 0.35], [0.5, 0.6, 147, 147, 0.35]] },
};
const EDGE_S = 0.012; // a tone that begins at full loudness clicks

/** Play a plan once. */
export function play(audio, name) {
  for (const [after, length, from, to, loud] of PLANS[name].notes) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const start = audio.currentTime + 0.02 + after;
    tone.type = name === "fire" ? "sawtooth" : "sine";
    tone.frequency.setValueAtTime(from, start);
    tone.frequency.linearRampToValueAtTime(to, start + length);
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(loud, start + EDGE_S);
    volume.gain.setValueAtTime(loud, start + length - EDGE_S);
    volume.gain.linearRampToValueAtTime(0, start + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + length);
  }
}
