// Loaded into Azurite before it starts. If a host with several threads is killed, the kernel sends
// SIGTERM once for each thread. Azurite saves its data on the first signal, and a second one would
// end it in the middle. While Azurite has no listener of its own, there is no data to save.
let received = false;
process.on("SIGTERM", () => {
  if (!received && process.listenerCount("SIGTERM") === 1) process.exit(0);
  received = true;
});
