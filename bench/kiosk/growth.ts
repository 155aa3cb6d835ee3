/** What the app took after so many switches. Memory in megabytes, each shared page counted by its share. */
export interface Sample {
  readonly switches: number
  /** Seconds since the first switch. */
  readonly seconds: number
  /** Of the whole app, and of each of its processes by what it is. */
  readonly megabytes: number
  /** Without what is of files, in which another Electron that is running may have a share. */
  readonly own: number
  readonly byPart: Readonly<Record<string, number>>
  readonly processes: number
  readonly threads: number
  readonly openFiles: number
  /** Of the main process: megabytes of its JavaScript, and how many timers, sockets and the like it has. */
  readonly heap: number
  readonly waitsFor: number
}

export interface Growth {
  /** Means of the samples around a tenth of the switches, and of the last tenth of the samples. */
  readonly early: Measures
  readonly late: Measures
  /** Of the least squares from the tenth on, of its own megabytes for 1,000 switches, and its standard error. */
  readonly slope: number
  readonly slopeError: number
  readonly most: number
  /** What is wrong, in words; empty when nothing is. */
  readonly faults: readonly string[]
}

export type Measures = Omit<Sample, 'switches' | 'seconds' | 'byPart'>

/** So much more at the end than after a tenth is growth: its own megabytes, and open files, threads or things waited for. */
export const mostGrowth = { own: 10, heap: 5, openFiles: 10, threads: 6, waitsFor: 5, processes: 0 }

/** The first tenth is for warming up: caches fill, and code is compiled. */
export function growthOf(samples: readonly Sample[]): Growth {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || samples.length < 3) throw new Error('Growth takes three samples.')
  const warm = samples.filter(({ switches }) => switches >= last.switches / 10)
  const few = Math.max(1, Math.round(samples.length / 10))
  const [early, late] = [meanOf(warm.slice(0, few)), meanOf(warm.slice(-few))]
  const grown = (Object.keys(mostGrowth) as (keyof typeof mostGrowth)[]).filter(
    (name) => late[name] - early[name] > mostGrowth[name],
  )
  return {
    ...{ early, late, ...slopeOf(warm), most: Math.max(...samples.map(({ megabytes }) => megabytes)) },
    faults: grown.map((name) => `${name} grew by ${round(late[name] - early[name])}, more than ${mostGrowth[name]}`),
  }
}

function meanOf(samples: readonly Sample[]): Measures {
  const mean = (name: keyof Measures) => samples.reduce((sum, one) => sum + one[name], 0) / samples.length
  return {
    ...{ megabytes: mean('megabytes'), own: mean('own'), processes: mean('processes'), threads: mean('threads') },
    ...{ openFiles: mean('openFiles'), heap: mean('heap'), waitsFor: mean('waitsFor') },
  }
}

/** Ordinary least squares of its own megabytes over the switches. */
function slopeOf(samples: readonly Sample[]): { readonly slope: number; readonly slopeError: number } {
  const count = samples.length
  const middle = samples.reduce((sum, { switches }) => sum + switches, 0) / count
  const level = samples.reduce((sum, { own }) => sum + own, 0) / count
  const spread = samples.reduce((sum, { switches }) => sum + (switches - middle) ** 2, 0)
  const together = samples.reduce((sum, one) => sum + (one.switches - middle) * (one.own - level), 0)
  const slope = together / spread
  const left = samples.reduce((sum, one) => sum + (one.own - level - slope * (one.switches - middle)) ** 2, 0)
  const slopeError = count > 2 ? Math.sqrt(left / (count - 2) / spread) : Number.NaN
  return { slope: slope * 1000, slopeError: slopeError * 1000 }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
