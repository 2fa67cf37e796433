// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package virtualkubelet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"

	"github.com/castai/omni/hack/lab/internal/kube"
)

// restart is the pause before a child that has ended starts again. The kubelet
// begins with 10 s; a lab has less patience.
func restart() wait.Backoff {
	return wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Cap: 15 * time.Second, Steps: 10}
}

const (
	// healthy is how long a child has to run for its backoff to start afresh.
	healthy = time.Minute
	// grace is what a child has between SIGTERM and SIGKILL.
	grace = 3 * time.Second
)

// supervise keeps a Pod's process running until ctx is done.
func (r *Runner) supervise(ctx context.Context, pod *corev1.Pod) {
	// The kernel ends the child when the thread that started it ends, which this
	// goroutine holds on to: no child outlives this program, however it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	log := klog.FromContext(ctx).WithValues("pod", klog.KObj(pod))
	backoff := restart()
	for ctx.Err() == nil {
		start := time.Now()
		err := r.runOnce(ctx, pod)
		if ctx.Err() != nil {
			log.Info("Stopped")
			return
		}
		if time.Since(start) > healthy {
			backoff = restart()
		}
		delay := backoff.Step()
		log.Error(err, "Ended, starting again", "delay", delay)
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

// runOnce runs the process once, to its end.
func (r *Runner) runOnce(ctx context.Context, pod *corev1.Pod) error {
	kubeconfig, err := r.kubeconfig(ctx, pod)
	if err != nil {
		return err
	}
	defer os.Remove(kubeconfig)
	port, err := freePort()
	if err != nil {
		return err
	}
	args, env, err := translate(pod, kubeconfig, port)
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(r.LogDir, pod.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd := exec.CommandContext(ctx, r.Program, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	if err := cmd.Start(); err != nil {
		return err
	}
	klog.FromContext(ctx).Info("Started", "pod", klog.KObj(pod), "pid", cmd.Process.Pid, "port", port)
	if err := cmd.Wait(); err != nil {
		return err
	}
	return errors.New("exit status 0")
}

// kubeconfig writes one of the Pod's ServiceAccount: what Liqo's roles allow is
// what the virtual kubelet can do here.
func (r *Runner) kubeconfig(ctx context.Context, pod *corev1.Pod) (string, error) {
	token, err := r.Client.Token(ctx, pod.Namespace, pod.Spec.ServiceAccountName)
	if err != nil {
		return "", err
	}
	path := filepath.Join(r.StateDir, string(pod.UID)+".kubeconfig")
	user := fmt.Sprintf("system:serviceaccount:%s:%s", pod.Namespace, pod.Spec.ServiceAccountName)
	return path, kube.WriteKubeconfig(path, r.Cluster, user, pod.Namespace, kube.Credentials{Token: token})
}

// freePort is a port that nothing listens on now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
