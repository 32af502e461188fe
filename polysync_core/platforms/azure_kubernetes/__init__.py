"""The platform Azure Kubernetes Service: runs copies of Jobs and of the templates of CronJobs."""
