// Loaded into Azurite before it starts. When a host with several threads is killed, the kernel
// sends the tether's signal once a thread; Azurite answers only the first, by saving its data,
// and the second would end it half-way. As long as Azurite does not listen itself, there is
// nothing to save yet.
let told = false;
process.on("SIGTERM", () => {
  if (!told && process.listenerCount("SIGTERM") === 1) process.exit(0);
  told = true;
});
