// The wall clock, often enough that no second is left out. The phone runs on this machine, so its times are by the same clock.
class Clock {
  now = $state(Date.now())

  constructor() {
    setInterval(() => (this.now = Date.now()), 250)
  }
}

export const clock = new Clock()
