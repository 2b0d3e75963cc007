// Taking a photograph with the camera. Browsers allow that on https and localhost only; elsewhere a phone's own camera app is asked.
(() => {
  addEventListener("DOMContentLoaded", () => {
    const dialog = document.getElementById("camera");
    if (!dialog) return;
    const video = dialog.querySelector("video");
    const take = dialog.querySelector("[data-camera-take]");
    const status = dialog.querySelector("[data-camera-status]");
    let stream = null;
    let latest = 0; // the only start() that may still show something
    let facing = "user";
    let input = null;

    const stop = () => {
      latest += 1;
      stream?.getTracks().forEach((track) => track.stop());
      stream = null;
      take.disabled = true;
    };

    async function start() {
      stop();
      const mine = latest;
      status.textContent = "Waiting for the camera. Your browser may ask for permission.";
      try {
        const asked = { video: { facingMode: facing, width: { ideal: 1920 }, height: { ideal: 1440 } }, audio: false };
        const granted = await navigator.mediaDevices.getUserMedia(asked);
        if (mine !== latest) {
          granted.getTracks().forEach((track) => track.stop()); // closed or flipped while the browser was asking
          return;
        }
        stream = granted;
        video.srcObject = stream;
        video.classList.toggle("mirror", facing === "user");
        await video.play();
        if (mine !== latest) return;
        take.disabled = false;
        status.textContent = "";
      } catch (problem) {
        if (mine !== latest) return;
        status.textContent =
          problem.name === "NotAllowedError" ? "The camera was not allowed. Allow it in the browser’s settings, or choose a file." : "No camera could be opened.";
      }
    }

    function askPhone(target) {
      target.setAttribute("capture", "user");
      target.click();
      target.removeAttribute("capture");
    }

    for (const button of document.querySelectorAll("[data-camera]")) {
      button.addEventListener("click", () => {
        input = document.getElementById(button.dataset.camera);
        if (!navigator.mediaDevices?.getUserMedia || !dialog.showModal) {
          askPhone(input);
          return;
        }
        dialog.showModal();
        start();
      });
    }

    take.addEventListener("click", () => {
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob(
        (blob) => {
          if (!blob) return;
          window.hexafacePut(input, new File([blob], "camera.jpg", { type: "image/jpeg" }));
          dialog.close();
        },
        "image/jpeg",
        0.92,
      );
    });
    dialog.querySelector("[data-camera-flip]").addEventListener("click", () => {
      facing = facing === "user" ? "environment" : "user";
      start();
    });
    dialog.querySelector("[data-camera-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", stop);
  });
})();
