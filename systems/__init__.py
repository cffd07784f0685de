"""The equations of the papers, each as a `continuation.Problem`."""
