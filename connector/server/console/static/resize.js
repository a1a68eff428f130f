// A picture drawn anew with fewer pixels: upright, in its own format where the browser writes it.

export async function resized(file, most) {
  const picture = await createImageBitmap(file);
  const by = Math.sqrt(most / (picture.width * picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(picture.width * by);
  canvas.height = Math.floor(picture.height * by);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((done) => canvas.toBlob(done, file.type, 0.92));
  return new File([made], file.name, { type: made.type });
}
