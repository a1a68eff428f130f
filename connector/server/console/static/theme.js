// The theme that was chosen in the settings. This runs before anything is drawn, so that nothing flashes.

try {
  document.documentElement.style.colorScheme = localStorage.getItem("console.theme") || "";
} catch {
  // the browser keeps nothing; it is as the system has it
}
